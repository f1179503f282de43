import CoreIngest

/// A type of Materialize, as mirrors declare it or find it.
enum MaterializeType: Sendable, Equatable, CustomStringConvertible {
    case boolean, numeric, text, uuid, bytea, date, time, timestamp, timestamptz
    /// With a sign: 16, 32 or 64 bits.
    case integer(bits: Int)
    /// 32 or 64 bits.
    case float(bits: Int)
    /// Any other, that somebody gave the column.
    case other(String)

    var description: String {
        switch self {
        case .boolean: "boolean"
        case .numeric: "numeric"
        case .text: "text"
        case .uuid: "uuid"
        case .bytea: "bytea"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestamptz: "timestamp with time zone"
        case .integer(let bits): bits <= 16 ? "smallint" : bits <= 32 ? "integer" : "bigint"
        case .float(let bits): bits <= 32 ? "real" : "double precision"
        case .other(let text): text
        }
    }

    /// A type as the catalog tells it, by its long or its short name.
    init(parsing text: String) {
        switch text {
        case "boolean", "bool": self = .boolean
        case "numeric": self = .numeric
        case "text": self = .text
        case "uuid": self = .uuid
        case "bytea": self = .bytea
        case "date": self = .date
        case "time", "time without time zone": self = .time
        case "timestamp", "timestamp without time zone": self = .timestamp
        case "timestamp with time zone", "timestamptz": self = .timestamptz
        case "smallint", "int2": self = .integer(bits: 16)
        case "integer", "int4": self = .integer(bits: 32)
        case "bigint", "int8": self = .integer(bits: 64)
        case "real", "float4": self = .float(bits: 32)
        case "double precision", "float8": self = .float(bits: 64)
        default: self = .other(text)
        }
    }

    /// Whether a column of the type that is there takes this type's values. With ``TypeFit/change``, its own become this type's by a cast
    /// that never fails and that Postgres's own change of the type equals.
    func fit(_ present: MaterializeType) -> TypeFit {
        if self == present { return .fits }
        switch (self, present) {
        case (.integer(let bits), .integer(let old)): return bits <= old ? .fits : .change
        case (.float(let bits), .float(let old)): return bits <= old ? .fits : .change
        case (.numeric, .integer): return .change
        case (.text, .integer), (.text, .uuid), (.text, .date): return .change
        // Every value has a text. A narrower shape comes again after a crash, too.
        case (_, .text): return .fits
        case (.integer, .numeric): return .fits
        default: return .refused("and its source \(self) by now")
        }
    }
}

/// How Postgres's types are kept in Materialize.
enum MaterializeTypes: TypeRules {
    /// Of a `numeric`; Materialize rounds what has more in silence.
    static let mostDigits = 39
    static let dates = ValueBounds(least: "0001-01-01", most: "9999-12-31")
    static let times = ValueBounds(least: "0001-01-01 00:00:00", most: "9999-12-31 23:59:59.999999")
    private static let same = "the text that [types.md](../types.md) gives"
    private static let letter = "the event becomes a dead letter"

    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<MaterializeType> {
        switch column.kind {
        case .boolean: TypeRule(.boolean, "the same")
        case .integer(let bits): TypeRule(.integer(bits: bits), "digit for digit")
        case .float(let bits): TypeRule(.float(bits: bits), "the same number, `NaN` and infinities too")
        case .numeric(let precision?, let scale?) where precision <= mostDigits && (0...precision).contains(scale):
            TypeRule(.numeric, "the same number, `NaN` too; Materialize shows no zeros at the end")
        case .numeric: TypeRule(.text, "digit for digit; `x::numeric` to calculate")
        case .uuid: TypeRule(.uuid, "the same")
        case .date: TypeRule(.date, "the same", bounds: inKey ? nil : dates)
        case .timestamp(let withZone):
            TypeRule(withZone ? .timestamptz : .timestamp, "the same", bounds: inKey ? nil : times)
        case .time(withZone: false): TypeRule(.time, "the same", outside: "`24:00:00`: \(letter)")
        case .interval: TypeRule(.text, "\(same); `x::interval` to calculate")
        case .bytes: TypeRule(.bytea, "the bytes")
        case .json, .array, .composite, .hstore: TypeRule(.text, "JSON with its digits; `x::jsonb` to look into it")
        case .time, .string, .enumeration, .text: TypeRule(.text, same)
        }
    }
}
