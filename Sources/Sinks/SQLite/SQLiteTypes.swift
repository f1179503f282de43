import CoreIngest

/// What a column of a mirror is declared as.
enum SQLiteType: String, CaseIterable, Sendable, CustomStringConvertible {
    /// 64 bits with a sign.
    case integer = "INTEGER"
    /// A double.
    case real = "REAL"
    case text = "TEXT"
    case blob = "BLOB"

    var description: String { rawValue }

    /// Whether a column that was declared as `present` holds values of this type as they are. A column of numbers would turn texts that
    /// look like numbers into numbers.
    func fit(_ present: String) -> TypeFit {
        switch present.uppercased() {
        case rawValue, "", "BLOB": .fits
        case "REAL" where self == .integer: .fits
        default: .change
        }
    }
}

/// How Postgres's types are kept in SQLite.
enum SQLiteTypes: TypeRules {
    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<SQLiteType> {
        switch column.kind {
        case .boolean: TypeRule(.integer, "0 or 1")
        case .integer: TypeRule(.integer, "digit for digit")
        case .float: TypeRule(.real, "the same double; `NaN` and infinities as texts")
        // SQLite's own numbers are doubles beyond 64 bits: digits stay digits as texts only.
        case .numeric: TypeRule(.text, "digit for digit; `CAST(x AS REAL)` to calculate")
        case .bytes: TypeRule(.blob, "the bytes")
        case .json, .array, .composite, .hstore: TypeRule(.text, "JSON, for `json_extract` and `json_each`")
        case .string, .uuid, .date, .time, .timestamp, .interval, .enumeration, .text:
            TypeRule(.text, "the text that [types.md](../types.md) gives")
        }
    }
}
