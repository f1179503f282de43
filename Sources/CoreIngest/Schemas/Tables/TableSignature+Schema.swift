extension TableSignature {
    /// What the text of a JSON Schema says of rows: each property of its root is a column. Keywords inside of a property's own objects and
    /// lists, and combinations such as `anyOf`, are compared as a whole. Throws for what is no object schema.
    package init(schema text: [UInt8]) throws(SchemaError) {
        let read: Result<JSONDocument, JSONError> = text.withUnsafeBytes { bytes in
            do throws(JSONError) { return .success(try JSONDocument(bytes)) } catch { return .failure(error) }
        }
        guard case .success(let document) = read else {
            throw SchemaError(.notJSON, "the schema is not JSON")
        }
        let view = document.view
        guard view.kind(0) == .object, let properties = view.member(0, named: "properties"),
            view.kind(properties) == .object
        else {
            throw SchemaError(
                .malformed, "the schema has no 'properties' at its root, so that there are no columns to be compared")
        }
        let list = view.member(0, named: "required").map { view.elements($0).compactMap { view.string($0) } }
        let required = Set((list ?? []).exact)
        let columns = view.members(properties).compactMap { member in
            view.string(member.name).map {
                ColumnSignature(view, member.value, name: $0, isRequired: required.contains(ExactText($0)))
            }
        }
        self.init(columns: columns)
        isClosed = view.member(0, named: "additionalProperties").flatMap { view.boolean($0) } == false
    }
}

extension ColumnSignature {
    /// Keywords that say nothing of what is valid.
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "$comment", "sqlType", "readOnly", "writeOnly", "deprecated",
        "derivedAs",
    ]

    fileprivate init(_ view: JSONView, _ schema: Int, name: String, isRequired: Bool) {
        var source = schema
        let sqlType =
            view.kind(schema) == .object ? view.member(schema, named: "sqlType").flatMap { view.string($0) } : nil
        // Numbers that may be NaN are written by derivation as a number or one of three words.
        if sqlType != nil, let branches = view.member(schema, named: "anyOf").map({ Array(view.elements($0)) }),
            branches.count == 2
        {
            source = branches[0]
        }
        var types: [String] = []
        var rules: [String: String] = [:]
        if view.kind(source) == .object {
            for member in view.members(source) {
                guard let keyword = view.string(member.name), !Self.annotations.contains(keyword) else { continue }
                if keyword == "type" {
                    types =
                        view.string(member.value).map { [$0] }
                        ?? view.elements(member.value).compactMap { view.string($0) }
                } else {
                    rules[keyword] = String(decoding: view.text(member.value), as: UTF8.self)
                }
            }
        } else {
            rules["schema"] = String(decoding: view.text(source), as: UTF8.self)
        }
        var labels: [String] = []
        if let list = view.kind(source) == .object ? view.member(source, named: "enum") : nil {
            labels = view.elements(list).filter { view.kind($0) != .null }
                .map { String(decoding: view.text($0), as: UTF8.self) }
            rules["enum"] = nil
        }
        let forms = Set(types).subtracting(["null"]).sorted()
        self.init(
            name: name, isNullable: types.isEmpty || types.contains("null"),
            family: "json \(forms.joined(separator: "|"))" + (sqlType.map { " " + Self.group(of: $0) } ?? ""),
            sizes: [],
            labels: labels, sqlType: sqlType ?? (types.isEmpty ? "anything" : types.joined(separator: " or ")))
        self.rules = rules
        self.isRequired = isRequired
    }

    /// Types whose values have one form, by the name that SQL gives them.
    private static func group(of sqlType: String) -> String {
        if sqlType.hasSuffix("[]") { return "array of \(group(of: String(sqlType.dropLast(2))))" }
        let name = sqlType.split(separator: "(", maxSplits: 1).first.map(String.init) ?? sqlType
        let rest = sqlType.split(separator: ")", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        switch name {
        case "smallint", "integer", "bigint", "oid": return "integer"
        case "text", "character varying", "character", "bpchar", "varchar", "name": return "string"
        case "date", "uuid", "interval", "bytea", "numeric", "real", "double precision", "boolean", "json", "jsonb":
            return name
        default: return name.hasPrefix("time") ? name + rest : "other"
        }
    }

    /// As ``reach(over:)``, for what was read from JSON Schemas: by the sets of types.
    func schemaReach(over old: ColumnSignature) -> Reach {
        let (own, ownGroup) = Self.parts(family)
        let (other, otherGroup) = Self.parts(old.family)
        if let ownGroup, let otherGroup, ownGroup != otherGroup {
            switch (otherGroup, ownGroup) {
            case ("integer", "numeric"), ("real", "double precision"), ("other", "string"), ("json", "jsonb"),
                ("jsonb", "json"):
                return .all
            case ("double precision", "real"): return .some
            default: return .none
            }
        }
        if own.isEmpty || other.isSubset(of: own) && !other.isEmpty { return .all }
        let widened = other.contains("integer") ? other.union(["number"]) : other
        if other.contains("integer"), own.contains("number"), other.subtracting(["integer"]).isSubset(of: own) {
            return .all
        }
        return other.isEmpty || !own.isDisjoint(with: widened) || other.contains("number") && own.contains("integer")
            ? .some : .none
    }

    private static func parts(_ family: String) -> (types: Set<String>, group: String?) {
        let words = family.dropFirst(5).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return (Set(words[0].split(separator: "|").map(String.init)), words.dropFirst().first.map(String.init))
    }
}
