import CoreIngest

/// What a column of a mirror is declared as, and how its values are stored.
enum SQLiteType: String, CaseIterable {
    /// 64 bits with a sign; booleans are 0 and 1.
    case integer = "INTEGER"
    /// A double; NaN and infinities, for which SQLite has no value or no text, are stored as texts.
    case real = "REAL"
    case text = "TEXT"
    case blob = "BLOB"

    init(_ kind: StreamDescriptor.Kind) {
        switch kind {
        case .boolean, .integer: self = .integer
        case .float: self = .real
        // SQLite's own numbers are doubles beyond 64 bits: digits stay digits as texts only.
        case .numeric: self = .text
        case .bytes: self = .blob
        case .string, .uuid, .date, .time, .timestamp, .interval, .json, .hstore, .enumeration, .array, .composite,
            .text:
            self = .text
        }
    }

    /// Whether a column that was declared as `other` holds values of this type as they are. A column of numbers would turn texts that
    /// look like numbers into numbers.
    func fits(_ other: String) -> Bool {
        switch other.uppercased() {
        case rawValue, "": true
        case "REAL": self == .integer
        case "BLOB": true
        default: false
        }
    }
}
