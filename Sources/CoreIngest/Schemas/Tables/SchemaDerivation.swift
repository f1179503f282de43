/// Writes the JSON Schema of a table from its columns, as a self-describing Iglu schema (draft 4).
///
/// The schema describes what events of the table hold: the types by ``StreamDescriptor/Kind``, lengths, ranges and
/// precision, enum labels, nullability, simple CHECK constraints, comments. `sqlType` is an annotation with the column's type in SQL,
/// `$comment` names constraints that JSON Schema has no word for, and `readOnly` marks what only the server makes.
package enum SchemaDerivation {
    /// How a derived schema is compiled where rows are checked against it, which tests do: the server guarantees nullability and enum labels, and may change both
    /// without announcing a new shape of the table, so that asserting them could only refuse rows that are right.
    package static var options: SchemaOptions {
        var options = SchemaOptions()
        options.trustsNullabilityAndLabels = true
        return options
    }

    /// Whether a text says that it was published from a table under this name. A copy that someone made a contract of has another
    /// name, or leaves the mark out.
    static func isPublished(_ text: [UInt8], as name: SchemaName) -> Bool {
        guard let document = try? text.withUnsafeBytes({ try JSONDocument($0) }),
            let mark = document.view.member(0, named: "derivedAs"), let own = document.view.string(mark)
        else { return false }
        return own == name.description
    }

    /// The schema's text, one property per line. `isPublished`: with a mark by which ``isPublished(_:as:)`` knows it in a registry.
    package static func text(
        _ name: SchemaName, columns: [StreamDescriptor.Column], comment: String?, qualifiedName: String,
        isPublished: Bool = false
    ) -> String {
        var arena = ByteArena(capacity: 1024 + columns.count * 160)
        arena.append("{\n  \"$schema\": ")
        arena.appendJSONString(text: SchemaDialect.iglu)
        arena.append(",\n  \"self\": {\"vendor\": ")
        arena.appendJSONString(text: name.vendor)
        arena.append(", \"name\": ")
        arena.appendJSONString(text: name.name)
        arena.append(", \"format\": ")
        arena.appendJSONString(text: name.format)
        arena.append(", \"version\": ")
        arena.appendJSONString(text: name.version.description)
        if isPublished {
            arena.append("},\n  \"derivedAs\": ")
            arena.appendJSONString(text: name.description)
            arena.append(",\n  \"description\": ")
        } else {
            arena.append("},\n  \"description\": ")
        }
        arena.appendJSONString(text: comment ?? "Rows of the table \(qualifiedName)")
        arena.append(",\n  \"type\": \"object\",\n  \"properties\": {")
        for (index, column) in columns.enumerated() {
            arena.append(index == 0 ? "\n    " : ",\n    ")
            arena.appendJSONString(text: column.name)
            arena.append(": {")
            let start = arena.count
            arena.append(
                schemaOf: column.kind, isNullable: column.isNullable, labels: column.enumLabels, column.rules)
            if arena.count > start { arena.append(", ") }
            arena.append("\"sqlType\": ")
            arena.appendJSONString(text: column.sqlType)
            if let comment = column.comment {
                arena.append(", \"description\": ")
                arena.appendJSONString(text: comment)
            }
            if column.isReadOnly { arena.append(", \"readOnly\": true") }
            if !column.rules.remarks.isEmpty {
                arena.append(", \"$comment\": ")
                arena.appendJSONString(text: column.rules.remarks.joined(separator: "; "))
            }
            arena.append(UInt8(ascii: "}"))
        }
        arena.append("\n  },")
        let required = columns.filter { !$0.isNullable }
        // Draft 4 has no empty list here.
        if !required.isEmpty {
            arena.append("\n  \"required\": [")
            for (index, column) in required.enumerated() {
                if index > 0 { arena.append(", ") }
                arena.appendJSONString(text: column.name)
            }
            arena.append("],")
        }
        arena.append("\n  \"additionalProperties\": false\n}\n")
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}

extension ByteArena {
    /// Appends the keywords for values of a kind, without braces; nothing where any JSON may stand.
    fileprivate mutating func append(
        schemaOf kind: StreamDescriptor.Kind, isNullable: Bool, labels: [String], _ rules: ColumnRules = ColumnRules()
    ) {
        switch kind {
        case .boolean: append(type: "\"boolean\"", isNullable)
        case .integer(let bits):
            append(type: "\"integer\"", isNullable)
            let bounds = IntegerBounds(bits: bits)
            append(least: "\(bounds.least)", most: "\(bounds.most)", rules)
            append(choices: rules, isNullable)
        case .float: append(numberWithin: nil, isNullable, rules)
        case .numeric(let precision, let scale):
            append(numberWithin: NumericBounds(precision: precision, scale: scale), isNullable, rules)
        case .string(let maxLength):
            append(type: "\"string\"", isNullable)
            append(", \"minLength\": ", rules.minLength.flatMap { $0 > 0 ? $0 : nil })
            append(", \"maxLength\": ", [maxLength, rules.maxLength].compactMap { $0 }.min())
            if let pattern = rules.pattern {
                append(", \"pattern\": ")
                appendJSONString(text: pattern)
            }
            append(choices: rules, isNullable)
        case .uuid:
            append(type: "\"string\"", isNullable)
            append(", \"format\": \"uuid\"")
        case .date, .time, .timestamp, .interval, .bytes, .text: append(type: "\"string\"", isNullable)
        case .json: return
        case .hstore:
            append(type: "\"object\"", isNullable)
            append(", \"additionalProperties\": {\"type\": [\"string\", \"null\"]}")
        case .enumeration:
            append(type: "\"string\"", isNullable)
            append(labels: labels, isNullable)
        case .array(let element): append(arrayOf: element, isNullable)
        case .composite(let fields):
            append(type: "\"object\"", isNullable)
            append(", \"properties\": {")
            for (index, field) in fields.enumerated() {
                if index > 0 { append(", ") }
                appendJSONString(text: field.name)
                append(": {")
                append(schemaOf: field.kind, isNullable: true, labels: [])
                append(UInt8(ascii: "}"))
            }
            append(UInt8(ascii: "}"))
        }
    }

    private mutating func append(type: StaticString, _ isNullable: Bool) {
        append("\"type\": ")
        if isNullable { append(UInt8(ascii: "[")) }
        append(type)
        if isNullable { append(", \"null\"]") }
    }

    private mutating func append(labels: [String], _ isNullable: Bool) {
        // Labels of an enum inside another type are not known, and an empty list would allow nothing.
        if labels.isEmpty { return }
        append(", \"enum\": [")
        for (index, label) in labels.enumerated() {
            if index > 0 { append(", ") }
            appendJSONString(text: label)
        }
        if isNullable { append(", null") }
        append(UInt8(ascii: "]"))
    }

    /// The elements of an array, and those of its inner arrays: the type does not say how many dimensions there are.
    private mutating func append(arrayOf element: StreamDescriptor.Kind, _ isNullable: Bool) {
        append(type: "\"array\"", isNullable)
        switch element {
        case .boolean: append(", \"items\": {\"type\": [\"boolean\", \"null\", \"array\"]}")
        case .integer: append(", \"items\": {\"type\": [\"integer\", \"null\", \"array\"]}")
        case .float, .numeric: append(", \"items\": {\"type\": [\"number\", \"string\", \"null\", \"array\"]}")
        case .string, .uuid, .date, .time, .timestamp, .interval, .bytes, .enumeration, .text:
            append(", \"items\": {\"type\": [\"string\", \"null\", \"array\"]}")
        case .hstore, .composite: append(", \"items\": {\"type\": [\"object\", \"null\", \"array\"]}")
        case .json, .array: return
        }
    }

    private mutating func append(_ keyword: StaticString, _ length: Int?) {
        guard let length else { return }
        append(keyword)
        append(decimal: UInt64(max(length, 0)))
    }

    /// A number, or one of the words for what has no JSON number. Postgres takes NaN for larger than all numbers, so that what has an
    /// upper bound is never NaN.
    private mutating func append(numberWithin bounds: NumericBounds?, _ isNullable: Bool, _ rules: ColumnRules) {
        var words = rules.maximum == nil ? ["NaN", "Infinity"] : []
        if rules.minimum == nil { words.append("-Infinity") }
        if rules.choices != nil { words = [] }
        if !words.isEmpty { append("\"anyOf\": [{") }
        append(type: "\"number\"", isNullable)
        append(least: bounds.map { "-\($0.most)" }, most: bounds?.most, rules)
        if let bounds {
            append(", \"multipleOf\": ")
            append(text: bounds.step)
        }
        append(choices: rules, isNullable)
        if words.isEmpty { return }
        append("}, {")
        append(choices: words.map { "\"\($0)\"" }, false)
        append("}]")
    }

    /// The tighter ones of the type's bounds and the rules'.
    private mutating func append(least: String?, most: String?, _ rules: ColumnRules) {
        func bound(_ digits: String?, _ rule: ColumnRules.Bound?, isLower: Bool) -> ColumnRules.Bound? {
            let own = digits.map { ColumnRules.Bound($0) }
            guard let rule else { return own }
            return ColumnRules.tighter(own, rule, isLower: isLower)
        }
        if let bound = bound(least, rules.minimum, isLower: true) {
            append(", \"minimum\": ")
            append(text: bound.digits)
            if bound.isExclusive { append(", \"exclusiveMinimum\": true") }
        }
        if let bound = bound(most, rules.maximum, isLower: false) {
            append(", \"maximum\": ")
            append(text: bound.digits)
            if bound.isExclusive { append(", \"exclusiveMaximum\": true") }
        }
    }

    private mutating func append(choices rules: ColumnRules, _ isNullable: Bool) {
        guard let choices = rules.choices else { return }
        append(", ")
        append(choices: choices, isNullable)
    }

    private mutating func append(choices: [String], _ isNullable: Bool) {
        append("\"enum\": [")
        append(text: (choices + (isNullable ? ["null"] : [])).joined(separator: ", "))
        append(UInt8(ascii: "]"))
    }
}
