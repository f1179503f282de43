extension TypeCatalog {
    /// The type's name as SQL writes it: `numeric(12,2)`, `text[]`, `public.mood`. Types outside `pg_catalog` are
    /// always written with their schema, whatever the search path is.
    ///
    /// `formatted`: what `format_type` said, where the catalog knows the column: it has the modifiers of every type.
    func sqlName(of oid: UInt32, modifier: Int32, formatted: String?) -> String {
        if let formatted, isBuiltin(oid) { return formatted }
        guard let type = self[oid] else { return formatted ?? "unknown" }
        if case .array(let element, _) = type.form {
            let inner = formatted.map { $0.hasSuffix("[]") ? String($0.dropLast(2)) : $0 }
            return sqlName(of: element, modifier: modifier, formatted: inner) + "[]"
        }
        if type.namespace == "pg_catalog" { return Self.builtinName(type.name, modifier) }
        let name = "\(Self.quoted(type.namespace)).\(Self.quoted(type.name))"
        guard let formatted, formatted.hasSuffix(")"), let open = formatted.lastIndex(of: "("), modifier >= 0 else {
            return name
        }
        return name + formatted[open...]
    }

    private func isBuiltin(_ oid: UInt32) -> Bool {
        guard let type = self[oid], type.namespace == "pg_catalog" else { return false }
        return true
    }

    private static func builtinName(_ name: String, _ modifier: Int32) -> String {
        let length = modifier >= 4 ? "(\(modifier - 4))" : ""
        let digits = modifier >= 0 ? "(\(modifier))" : ""
        switch name {
        case "bool": return "boolean"
        case "int2": return "smallint"
        case "int4": return "integer"
        case "int8": return "bigint"
        case "float4": return "real"
        case "float8": return "double precision"
        case "varchar": return "character varying" + length
        case "bpchar": return length.isEmpty ? "bpchar" : "character" + length
        case "bit": return "bit" + digits
        case "varbit": return "bit varying" + digits
        case "time": return "time\(digits) without time zone"
        case "timetz": return "time\(digits) with time zone"
        case "timestamp": return "timestamp\(digits) without time zone"
        case "timestamptz": return "timestamp\(digits) with time zone"
        case "char": return "\"char\""
        case "numeric":
            guard let (precision, scale) = numericModifier(modifier) else { return "numeric" }
            return "numeric(\(precision),\(scale))"
        default: return name
        }
    }

    /// An identifier, in quotes where it needs them.
    private static func quoted(_ name: String) -> String {
        let isPlain =
            name.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
            } && !(name.unicodeScalars.first.map { ("0"..."9").contains($0) } ?? true)
        if isPlain { return name }
        return SQLText.identifier(name)
    }
}
