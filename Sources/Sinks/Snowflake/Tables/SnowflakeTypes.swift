import CoreIngest

/// What a column of a mirror is declared as.
enum SnowflakeType: Equatable, Sendable, CustomStringConvertible {
    case boolean
    case number(precision: Int, scale: Int)
    case float
    case varchar
    case date
    case time
    /// Without zone.
    case timestamp
    /// With zone; stored in UTC.
    case timestampTZ
    case binary
    case variant

    var description: String {
        switch self {
        case .boolean: "BOOLEAN"
        case .number(let precision, let scale): "NUMBER(\(precision),\(scale))"
        case .float: "FLOAT"
        case .varchar: "VARCHAR"
        case .date: "DATE"
        case .time: "TIME(6)"
        case .timestamp: "TIMESTAMP_NTZ(6)"
        case .timestampTZ: "TIMESTAMP_TZ(6)"
        case .binary: "BINARY"
        case .variant: "VARIANT"
        }
    }

    /// Whether a column that is there takes this type's values as they are.
    func fit(_ present: String) -> TypeFit {
        let parts = present.uppercased().split { $0 == "(" || $0 == "," || $0 == ")" || $0 == " " }
        let base = parts.first ?? ""
        let own = description.split(separator: "(").first ?? ""
        if case .number(let precision, let scale) = self, base == "NUMBER" || base == "DECIMAL" {
            let digits = parts.dropFirst().compactMap { Int($0) }
            guard digits.count == 2 else { return .fits }
            return digits[1] >= scale && digits[0] - digits[1] >= precision - scale ? .fits : .change
        }
        return base == own || base == "TEXT" && self == .varchar ? .fits : .change
    }
}

/// How Postgres's types are kept in Snowflake.
enum SnowflakeTypes: TypeRules {
    /// The first and the last day that columns of dates and times hold.
    static let firstDay = "0001-01-01"
    static let lastDay = "9999-12-31"
    private static let clamped = "the nearest of \(firstDay) and \(lastDay), with `infinity` and years before our era"
    private static let letter = "`NaN`: dead letter"
    private static let text = "the text that [types.md](../types.md) gives"
    private static let reshaped = "Snowflake's own form of JSON: order and long numbers change"

    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<SnowflakeType> {
        switch column.kind {
        case .boolean: return TypeRule(.boolean, "the same")
        case .integer: return TypeRule(.number(precision: 38, scale: 0), "digit for digit")
        case .float: return TypeRule(.float, "the same double; `NaN` and infinities as Snowflake's own")
        case .numeric(let precision?, let scale?) where (0...37).contains(scale) && max(precision, scale) <= 38:
            return TypeRule(
                .number(precision: max(precision, scale, 1), scale: scale), "digit for digit", outside: letter)
        case .numeric: return TypeRule(.varchar, "digit for digit, as text")
        case .date:
            if inKey { return TypeRule(.varchar, Self.text) }
            return TypeRule(
                .date, "the same day", outside: clamped, bounds: ValueBounds(least: firstDay, most: lastDay))
        case .timestamp(let withZone):
            if inKey { return TypeRule(.varchar, Self.text) }
            let zone = withZone ? "+00" : ""
            return TypeRule(
                withZone ? .timestampTZ : .timestamp, withZone ? "the same instant, in UTC" : "the same time",
                outside: clamped,
                bounds: ValueBounds(
                    least: "\(firstDay) 00:00:00\(zone)", most: "\(lastDay) 23:59:59.999999\(zone)"))
        case .time(withZone: false):
            if inKey { return TypeRule(.varchar, Self.text) }
            return TypeRule(.time, "the same time", outside: "`24:00:00`: dead letter")
        case .bytes: return TypeRule(.binary, "the bytes", outside: "more than 8 MB: dead letter")
        case .json, .array, .composite, .hstore:
            if inKey { return TypeRule(.varchar, "JSON, as text") }
            return TypeRule(
                .variant, "JSON; what Snowflake cannot parse as a string", outside: "more than 16 MB: dead letter",
                incomparable: reshaped)
        case .string, .uuid, .time, .interval, .enumeration, .text:
            return TypeRule(.varchar, Self.text, outside: "more than 16 MB: dead letter")
        }
    }
}

extension NameRules {
    /// Snowflake's, with all names in upper case, as it makes them of names without quotes.
    static let snowflake = NameRules("Snowflake", quote: "\"", folding: .ascii, mostBytes: 255, mostColumns: 1900)
}

/// A source's name of a table or column as its mirror has it: in upper case, so that it needs no quotes in statements.
func snowflakeName(_ name: String) -> String {
    String(
        decoding: NameRules.snowflake.mapped(name).utf8.map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 },
        as: UTF8.self)
}

/// The mirror's name of a source table: its own where it lies in `public`, else with its schema and two underscores in front.
func snowflakeTable(schema: String, name: String) -> String {
    snowflakeName(schema.isEmpty || schema == "public" ? name : "\(schema)__\(name)")
}
