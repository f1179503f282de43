import CoreIngest

/// What a column of a mirror is declared as. Source: cloud.google.com/bigquery/docs/reference/standard-sql/data-types.
enum BigQueryType: String, CaseIterable, Sendable, CustomStringConvertible {
    case bool = "BOOL"
    case int64 = "INT64"
    case float64 = "FLOAT64"
    /// 29 digits before the point, 9 behind.
    case numeric = "NUMERIC"
    /// 38 digits before the point, 38 behind.
    case bignumeric = "BIGNUMERIC"
    case string = "STRING"
    case bytes = "BYTES"
    case date = "DATE"
    case time = "TIME"
    case datetime = "DATETIME"
    case timestamp = "TIMESTAMP"

    var description: String { rawValue }

    /// Source: "Data type conversions" of the Storage Write API.
    var wire: RowDescriptor.Wire {
        switch self {
        case .bool: .bool
        case .int64, .timestamp: .int64
        case .float64: .double
        case .bytes: .bytes
        case .numeric, .bignumeric, .string, .date, .time, .datetime: .string
        }
    }

    /// Whether a column that is declared as `present` takes this type's values.
    func fit(_ present: String) -> TypeFit {
        if present == rawValue { return .fits }
        switch (present, self) {
        // ALTER COLUMN SET DATA TYPE widens these, and no others.
        case ("INT64", .numeric), ("INT64", .bignumeric), ("INT64", .float64), ("NUMERIC", .bignumeric),
            ("NUMERIC", .float64), ("BIGNUMERIC", .float64):
            return .change
        default: return .refused("which BigQuery does not change to \(rawValue)")
        }
    }
}

/// How Postgres's types are kept in BigQuery.
enum BigQueryTypes: TypeRules {
    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<BigQueryType> {
        let letter = "the row becomes a dead letter"
        switch column.kind {
        case .boolean: return TypeRule(.bool, "the same")
        case .integer: return TypeRule(.int64, "digit for digit")
        // A key of BigQuery has no doubles, times or bytes.
        case .float where inKey: return TypeRule(.string, "the fewest digits that read back the same")
        case .float: return TypeRule(.float64, "the same double; `NaN` and infinities too")
        case .numeric(let precision, let scale):
            guard let precision, let scale else { return TypeRule(.string, "digit for digit; `CAST(x AS BIGNUMERIC)`") }
            if (0...9).contains(scale), precision - scale <= 29 {
                return TypeRule(.numeric, "the same number", outside: "`NaN`: \(letter)")
            }
            if (0...38).contains(scale), precision - scale <= 38 {
                return TypeRule(.bignumeric, "the same number", outside: "`NaN`: \(letter)")
            }
            return TypeRule(.string, "digit for digit")
        case .string, .uuid, .enumeration, .text:
            return TypeRule(.string, "the text that [types.md](../types.md) gives")
        case .date:
            return TypeRule(.date, "the day", outside: "infinite, before the year 1, after 9999: \(letter)")
        case .time(withZone: false) where inKey: return TypeRule(.string, "as Postgres writes it")
        case .time(withZone: false): return TypeRule(.time, "the time", outside: "`24:00:00`: \(letter)")
        case .time, .interval: return TypeRule(.string, "as Postgres writes it")
        case .timestamp(withZone: false):
            return TypeRule(
                .datetime, "the microsecond", outside: "infinite, before the year 1, after 9999: \(letter)")
        case .timestamp:
            return TypeRule(
                .timestamp, "the microsecond", outside: "infinite, before the year 1, after 9999: \(letter)")
        case .bytes where inKey: return TypeRule(.string, "`\\x` and hexadecimal digits")
        case .bytes: return TypeRule(.bytes, "the bytes")
        // BigQuery's own JSON keeps numbers as doubles, and its arrays hold no NULL.
        case .json, .array, .composite, .hstore:
            return TypeRule(.string, "JSON, digit for digit, for `JSON_VALUE` and `PARSE_JSON`")
        }
    }
}
