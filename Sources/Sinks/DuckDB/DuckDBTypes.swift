import CoreIngest

/// A type of DuckDB that mirrors use. Source: DuckDB's documentation, "Data Types".
enum DuckDBType: Sendable, Equatable, CustomStringConvertible {
    case boolean, smallint, integer, bigint, float, double, varchar, uuid, date, time, timestamp, timestampWithZone
    case blob
    case decimal(precision: Int, scale: Int)

    /// As DuckDB writes it.
    var description: String {
        switch self {
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .boolean: "BOOLEAN"
        case .smallint: "SMALLINT"
        case .integer: "INTEGER"
        case .bigint: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .varchar: "VARCHAR"
        case .uuid: "UUID"
        case .date: "DATE"
        case .time: "TIME"
        case .timestamp: "TIMESTAMP"
        case .timestampWithZone: "TIMESTAMP WITH TIME ZONE"
        case .blob: "BLOB"
        }
    }

    /// A type as `duckdb_columns()` tells it; nil where it is none of these.
    init?(parsing text: String) {
        let plain: [DuckDBType] = [
            .boolean, .smallint, .integer, .bigint, .float, .double, .varchar, .uuid, .date, .time, .timestamp,
            .timestampWithZone, .blob,
        ]
        if let found = plain.first(where: { $0.description == text }) {
            self = found
            return
        }
        // Another name of VARCHAR.
        if text == "JSON" {
            self = .varchar
            return
        }
        guard text.hasPrefix("DECIMAL("), text.hasSuffix(")") else { return nil }
        let parts = text.dropFirst(8).dropLast().split(separator: ",").compactMap { Int($0) }
        guard parts.count == 2 else { return nil }
        self = .decimal(precision: parts[0], scale: parts[1])
    }

    /// Whether a column of the type that is there, as DuckDB writes it, takes this type's values.
    func fit(_ present: String) -> TypeFit {
        guard let there = DuckDBType(parsing: present) else { return .refused("which this sink does not write") }
        if self == there { return .fits }
        switch (self, there) {
        // Every value has a text.
        case (_, .varchar): return .fits
        case (.varchar, _): return .change
        case (.smallint, .integer), (.smallint, .bigint), (.integer, .bigint), (.float, .double): return .fits
        case (.integer, .smallint), (.bigint, .smallint), (.bigint, .integer), (.double, .float): return .change
        case (.decimal(let precision, let scale), .decimal(let oldPrecision, let oldScale)):
            if scale <= oldScale, precision - scale <= oldPrecision - oldScale { return .fits }
            return scale >= oldScale && precision - scale >= oldPrecision - oldScale
                ? .change : .refused("and its source has \(self) by now, which does not hold all that the old one did")
        default: return .refused("and its source \(self) by now")
        }
    }
}

/// How Postgres's types are kept in DuckDB.
enum DuckDBTypes: TypeRules {
    private static let text = "the text that [types.md](../types.md) gives"
    /// The last year of which DuckDB's timestamps have every day.
    static let lastYear = 294_246

    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<DuckDBType> {
        switch column.kind {
        case .boolean: return TypeRule(.boolean, "the same")
        case .integer(let bits):
            return TypeRule(bits <= 16 ? .smallint : bits <= 32 ? .integer : .bigint, "digit for digit")
        case .float(let bits): return TypeRule(bits <= 32 ? .float : .double, "the same, `NaN` and infinities included")
        case .numeric(let precision?, let scale?) where precision <= 38 && scale >= 0 && scale <= precision:
            return TypeRule(
                .decimal(precision: precision, scale: scale), "digit for digit",
                outside: "`NaN`: the event becomes a dead letter")
        case .numeric:
            return TypeRule(.varchar, "digit for digit; `CAST(x AS DOUBLE)` or `DECIMAL(38,9)` to calculate")
        case .uuid: return TypeRule(.uuid, "the same")
        case .date: return TypeRule(.date, "the same, before our era and infinite ones included")
        case .time(withZone: false): return TypeRule(.time, "the same")
        case .timestamp(let withZone):
            return TypeRule(
                withZone ? .timestampWithZone : .timestamp, "the same, before our era and infinite ones included",
                outside: "after the year \(lastYear): the event becomes a dead letter")
        case .bytes: return TypeRule(.blob, "the bytes")
        case .json, .array, .composite, .hstore: return TypeRule(.varchar, "JSON, for `->>` and `json_extract`")
        case .interval: return TypeRule(.varchar, "\(text); `CAST(x AS INTERVAL)` to calculate")
        case .string, .enumeration, .text, .time: return TypeRule(.varchar, text)
        }
    }
}
