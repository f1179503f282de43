/// What is known of a schema's text without compiling it.
package enum SchemaText {
    /// Whether two texts are the same JSON: without regard to spaces, the order of members, and how numbers are written.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                guard let left = try? JSONDocument(left), let right = try? JSONDocument(right) else { return false }
                return JSONEquality.equal(left.view, 0, right.view, 0)
            }
        }
    }

    /// What is wrong with an answer that should be the text of `name`; nil when it may be it. A schema is an object or a boolean,
    /// and one that describes itself (member `self`) names itself.
    package static func flaw(_ text: [UInt8], as name: SchemaName) -> String? {
        let document: JSONDocument
        do throws(JSONError) {
            document = try read(text)
        } catch {
            return "\(error)"
        }
        let view = document.view
        switch view.kind(0) {
        case .object: break
        case .boolean: return nil
        case .null, .integer, .number, .string, .array: return "a JSON \(view.kind(0).rawValue), which is no schema"
        }
        guard let own = view.member(0, named: "self"), view.kind(own) == .object else { return nil }
        let parts = [
            ("vendor", name.vendor), ("name", name.name), ("format", name.format), ("version", "\(name.version)"),
        ]
        for (member, expected) in parts {
            // Only a self-description in full says which schema it is; other uses of the word are the schema's own.
            guard let value = view.member(own, named: member), let text = view.string(value) else { return nil }
            if text != expected { return "another schema, whose \(member) is not '\(expected)'" }
        }
        return nil
    }

    /// The name that a schema gives itself in its member `self`; nil when it does not, or breaks the grammar.
    package static func ownName(_ text: [UInt8]) -> SchemaName? {
        guard let document = try? read(text), let own = document.view.member(0, named: "self") else { return nil }
        let view = document.view
        func part(_ name: String) -> String? { view.member(own, named: name).flatMap { view.string($0) } }
        guard let vendor = part("vendor"), let name = part("name"), let format = part("format"),
            let version = part("version").flatMap({ SchemaVersion(parsing: $0) })
        else { return nil }
        return SchemaName(vendor: vendor, name: name, format: format, version: version)
    }

    private static func read(_ text: [UInt8]) throws(JSONError) -> JSONDocument {
        let result: Result<JSONDocument, JSONError> = text.withUnsafeBytes { bytes in
            do throws(JSONError) { return .success(try JSONDocument(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
