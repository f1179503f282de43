/// A type of Redshift, as mirrors declare it or find it.
struct RedshiftType: Sendable, Equatable, CustomStringConvertible {
    enum Base: Sendable, Equatable {
        case boolean, double, date, time, timestamp, timestampWithZone
        /// With a sign: 16, 32 or 64 bits.
        case integer(bits: Int)
        case decimal(precision: Int, scale: Int)
        /// Of so many bytes, of ASCII only, all of them stored.
        case char(Int)
        /// Of so many bytes.
        case varchar(Int)
        case varbyte(Int)
        /// Parsed JSON.
        case parsed
        /// Any other, that somebody gave the column: texts go in.
        case other(String)
    }

    var base: Base

    init(_ base: Base) { self.base = base }

    /// Bytes of the longest text.
    static let mostText = 65_535
    /// Bytes whose hexadecimal digits are a text still.
    static let mostBytes = mostText / 2

    var description: String {
        switch base {
        case .boolean: "BOOLEAN"
        case .double: "DOUBLE PRECISION"
        case .date: "DATE"
        case .time: "TIME"
        case .timestamp: "TIMESTAMP"
        case .timestampWithZone: "TIMESTAMPTZ"
        case .integer(let bits): bits <= 16 ? "SMALLINT" : bits <= 32 ? "INTEGER" : "BIGINT"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .char(let length): "CHAR(\(length))"
        case .varchar(let length): "VARCHAR(\(length))"
        case .varbyte(let length): "VARBYTE(\(length))"
        case .parsed: "SUPER"
        case .other(let text): text
        }
    }

    /// A type as `format_type` tells it.
    init(parsing text: String) {
        let text = text.lowercased()
        var lengths: [Int] = []
        var name = text
        if let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")"), open < close {
            lengths = text[text.index(after: open)..<close].split(separator: ",").compactMap {
                Int($0.filter { $0 != " " })
            }
            name = String(text[..<open] + text[text.index(after: close)...])
        }
        switch name {
        case "boolean": self.init(.boolean)
        case "double precision": self.init(.double)
        case "date": self.init(.date)
        case "time without time zone": self.init(.time)
        case "timestamp without time zone": self.init(.timestamp)
        case "timestamp with time zone": self.init(.timestampWithZone)
        case "smallint": self.init(.integer(bits: 16))
        case "integer": self.init(.integer(bits: 32))
        case "bigint": self.init(.integer(bits: 64))
        case "numeric" where lengths.count == 2: self.init(.decimal(precision: lengths[0], scale: lengths[1]))
        case "character" where lengths.count == 1: self.init(.char(lengths[0]))
        case "character varying" where lengths.count == 1: self.init(.varchar(lengths[0]))
        case "binary varying", "varbyte": self.init(.varbyte(lengths.first ?? 64_000))
        case "super": self.init(.parsed)
        default: self.init(.other(text))
        }
    }

    /// What the values are while they wait in a stage: parsed JSON and bytes as the texts that they are made of.
    var staged: RedshiftType {
        switch base {
        case .parsed: RedshiftType(.varchar(Self.mostText))
        case .varbyte(let length): RedshiftType(.varchar(min(2 * length, Self.mostText)))
        default: self
        }
    }

    /// From a value in a stage to the column's.
    func value(ofStaged column: String) -> String {
        switch base {
        case .parsed: "JSON_PARSE(\(column))"
        case .varbyte: "FROM_HEX(\(column))"
        default: column
        }
    }

    /// Whether two texts that differ in blanks at their ends only are one in a comparison.
    var ignoresLastBlanks: Bool {
        switch base {
        case .varchar: true
        default: false
        }
    }

    /// Whether a column of the type that is there takes this type's values.
    func fit(_ there: RedshiftType) -> TypeFit {
        if base == there.base { return .fits }
        let unlike = TypeFit.refused("and its source \(self) by now")
        switch (base, there.base) {
        case (.integer(let bits), .integer(let old)): return bits <= old ? .fits : .change
        case (.integer(let bits), .decimal(let precision, let scale)):
            return precision - scale >= Self.digits(bits) ? .fits : unlike
        case (.decimal(let precision, let scale), .decimal(let old, let oldScale)):
            if scale <= oldScale, precision - scale <= old - oldScale { return .fits }
            return scale >= oldScale && precision - scale >= old - oldScale ? .change : unlike
        case (.decimal(let precision, let scale), .integer(let bits)):
            return precision - scale >= Self.digits(bits) ? .change : unlike
        case (.double, .other("real")), (.timestamp, .date): return .change
        case (.varbyte(let length), .varbyte(let old)): return length <= old ? .fits : .change
        case (.varbyte, _): return unlike
        case (.varchar, .parsed): return .fits
        case (.char(let length), .char(let old)), (.char(let length), .varchar(let old)):
            return length <= old ? .fits : .change
        case (.varchar(let length), .varchar(let old)), (.varchar(let length), .char(let old)):
            return length <= old ? .fits : .change
        case (.varchar, .integer), (.varchar, .decimal), (.varchar, .date): return .change
        // Every value has a text. A narrower shape comes again after a crash, too.
        case (_, .varchar(let length)): return length >= 100 ? .fits : unlike
        default: return unlike
        }
    }

    private static func digits(_ bits: Int) -> Int { bits <= 16 ? 5 : bits <= 32 ? 10 : 19 }
}
