import CoreIngest

/// A type of ClickHouse that mirrors use, with how its values lie in the format RowBinary.
///
/// Source: ClickHouse's documentation, "RowBinary" and the pages of the types.
struct ClickHouseType: Sendable, Equatable, CustomStringConvertible {
    enum Base: Sendable, Equatable {
        case bool, uuid, string, date32
        /// With a sign. Bits: 8, 16, 32 or 64.
        case integer(bits: Int)
        case unsigned(bits: Int)
        case float(bits: Int)
        case decimal(precision: Int, scale: Int)
        /// Microseconds, in UTC.
        case dateTime64
    }

    var base: Base
    var isNullable: Bool

    init(_ base: Base, isNullable: Bool = false) {
        self.base = base
        self.isNullable = isNullable
    }

    /// As ClickHouse writes it.
    var description: String { isNullable ? "Nullable(\(name))" : name }

    private var name: String {
        switch base {
        case .bool: "Bool"
        case .uuid: "UUID"
        case .string: "String"
        case .date32: "Date32"
        case .integer(let bits): "Int\(bits)"
        case .unsigned(let bits): "UInt\(bits)"
        case .float(let bits): "Float\(bits)"
        case .decimal(let precision, let scale): "Decimal(\(precision), \(scale))"
        case .dateTime64: "DateTime64(6, 'UTC')"
        }
    }

    /// A type as `system.columns` tells it; nil where it is none of these. `LowCardinality` lies in RowBinary as what it wraps.
    init?(parsing text: String) {
        var text = text[...]
        var isNullable = false
        while true {
            if text.hasPrefix("LowCardinality("), text.hasSuffix(")") {
                text = text.dropFirst(15).dropLast()
            } else if text.hasPrefix("Nullable("), text.hasSuffix(")") {
                text = text.dropFirst(9).dropLast()
                isNullable = true
            } else {
                break
            }
        }
        guard let base = Self.base(text) else { return nil }
        self.init(base, isNullable: isNullable)
    }

    private static func base(_ text: Substring) -> Base? {
        switch text {
        case "Bool": return .bool
        case "UUID": return .uuid
        case "String": return .string
        case "Date32": return .date32
        case "Int8", "Int16", "Int32", "Int64": return Int(text.dropFirst(3)).map { .integer(bits: $0) }
        case "UInt8", "UInt64", "UInt128": return Int(text.dropFirst(4)).map { .unsigned(bits: $0) }
        case "Float32", "Float64": return Int(text.dropFirst(5)).map { .float(bits: $0) }
        case "DateTime64(6, 'UTC')", "DateTime64(6)": return .dateTime64
        default:
            guard text.hasPrefix("Decimal("), text.hasSuffix(")") else { return nil }
            let parts = text.dropFirst(8).dropLast().split(separator: ",").compactMap {
                Int($0.trimmingPrefix(while: { $0 == " " }))
            }
            return parts.count == 2 ? .decimal(precision: parts[0], scale: parts[1]) : nil
        }
    }

    /// Whether a column of the type that is there, as ClickHouse writes it, takes this type's values.
    func fit(_ present: String) -> TypeFit {
        guard let there = ClickHouseType(parsing: present) else {
            return .refused("which this sink does not write")
        }
        if isNullable, !there.isNullable { return .change }
        if base == there.base { return .fits }
        switch (base, there.base) {
        case (.integer(let wanted), .integer(let bits)): return wanted <= bits ? .fits : .change
        case (.float(let wanted), .float(let bits)): return wanted <= bits ? .fits : .change
        case (.decimal(let precision, let scale), .decimal(let oldPrecision, let oldScale)):
            if scale <= oldScale, precision - scale <= oldPrecision - oldScale { return .fits }
            return scale >= oldScale && precision - scale >= oldPrecision - oldScale
                ? .change : .refused("and its source has \(self) by now, which does not hold all that the old one did")
        // Every value has a text. A narrower shape comes again after a crash, too.
        case (_, .string): return .fits
        case (.string, _): return .change
        default: return .refused("and its source \(self) by now")
        }
    }
}

/// How Postgres's types are kept in ClickHouse.
enum ClickHouseTypes: TypeRules {
    static let dates = ValueBounds(least: "1900-01-01", most: "2299-12-31")
    static let times = ValueBounds(least: "1900-01-01 00:00:00", most: "2299-12-31 23:59:59.999999")
    private static let text = "the text that [types.md](../types.md) gives"

    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<ClickHouseType> {
        var rule = self.rule(for: column.kind, inKey: inKey)
        // The sorting key cannot be NULL, and Postgres's keys are not either.
        rule.type.isNullable = !inKey
        return rule
    }

    private static func rule(for kind: StreamDescriptor.Kind, inKey: Bool) -> TypeRule<ClickHouseType> {
        switch kind {
        case .boolean: return TypeRule(ClickHouseType(.bool), "the same")
        case .integer(let bits): return TypeRule(ClickHouseType(.integer(bits: max(16, bits))), "digit for digit")
        // NaN would not be equal to itself in a key.
        case .float where inKey: return TypeRule(ClickHouseType(.string), text)
        case .float(let bits):
            return TypeRule(ClickHouseType(.float(bits: bits <= 32 ? 32 : 64)), "the same, `nan` and `inf` included")
        case .numeric(let precision?, let scale?) where precision <= 76 && scale >= 0 && scale <= precision && !inKey:
            return TypeRule(
                ClickHouseType(.decimal(precision: precision, scale: scale)), "digit for digit",
                outside: "`NaN`: the event becomes a dead letter")
        case .numeric:
            return TypeRule(
                ClickHouseType(.string), "digit for digit; `toDecimal128(x, 4)` or `toFloat64(x)` to calculate")
        case .uuid: return TypeRule(ClickHouseType(.uuid), "the same")
        // Two dates must not become one key.
        case .date where !inKey: return TypeRule(ClickHouseType(.date32), "the same", bounds: dates)
        case .timestamp where !inKey: return TypeRule(ClickHouseType(.dateTime64), "the same, in UTC", bounds: times)
        case .bytes: return TypeRule(ClickHouseType(.string), "the bytes")
        case .json, .array, .composite, .hstore:
            return TypeRule(ClickHouseType(.string), "JSON, for `JSONExtract…`")
        case .string, .date, .time, .timestamp, .interval, .enumeration, .text:
            return TypeRule(ClickHouseType(.string), text)
        }
    }
}
