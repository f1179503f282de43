import CoreIngest

/// How Postgres's types are kept in Redshift.
///
/// Source: Amazon Redshift Database Developer Guide, "Data types". JSON is a text: parsed into `SUPER` it would lose digits and the order of
/// its members, and be one value with another that was different.
enum RedshiftTypes: TypeRules {
    static let dates = ValueBounds(least: "0001-01-01", most: "9999-12-31")
    static let times = ValueBounds(least: "0001-01-01 00:00:00", most: "9999-12-31 23:59:59.999999")
    private static let text = "the text that [types.md](../types.md) gives"
    private static let letter = "the event becomes a dead letter"
    private static let long = "more than 65,535 bytes of UTF-8: \(letter)"

    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<RedshiftType> {
        switch column.kind {
        case .boolean: TypeRule(RedshiftType(.boolean), "true or false")
        case .integer(let bits): TypeRule(RedshiftType(.integer(bits: bits)), "digit for digit")
        // A REAL tells too few of its digits.
        case .float:
            TypeRule(
                RedshiftType(.double), "the same double",
                outside: "`NaN`, infinities, and what is nearer to 0 than 1e-307: \(letter)")
        case .numeric(let precision?, let scale?) where precision <= 38 && (0...min(37, precision)).contains(scale):
            TypeRule(
                RedshiftType(.decimal(precision: precision, scale: scale)), "digit for digit",
                outside: "`NaN`: \(letter)")
        case .numeric: TypeRule(widest, "digit for digit; `CAST(x AS DECIMAL(38,10))` to calculate", outside: long)
        case .uuid: TypeRule(RedshiftType(.char(36)), text)
        case .date: TypeRule(RedshiftType(.date), "the same", bounds: inKey ? nil : dates)
        case .timestamp(let withZone):
            TypeRule(
                RedshiftType(withZone ? .timestampWithZone : .timestamp), "the same", bounds: inKey ? nil : times)
        case .time(withZone: false): TypeRule(RedshiftType(.time), "the same, `24:00:00` too")
        case .time: TypeRule(RedshiftType(.varchar(40)), text)
        case .interval: TypeRule(RedshiftType(.varchar(100)), text)
        case .enumeration: TypeRule(RedshiftType(.varchar(63)), text)
        case .string(let length?) where length <= RedshiftType.mostText / 4:
            TypeRule(RedshiftType(.varchar(max(1, length) * 4)), text)
        case .bytes:
            TypeRule(
                RedshiftType(.varbyte(RedshiftType.mostBytes)), "the bytes",
                outside: "more than 32,767 bytes: \(letter)")
        case .json, .array, .composite, .hstore:
            TypeRule(widest, "JSON with its digits, for `JSON_PARSE`", outside: long)
        case .string, .text: TypeRule(widest, text, outside: long)
        }
    }

    private static var widest: RedshiftType { RedshiftType(.varchar(RedshiftType.mostText)) }
}
