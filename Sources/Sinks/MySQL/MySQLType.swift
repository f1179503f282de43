/// A type of MySQL and MariaDB, as mirrors declare it or find it.
struct MySQLType: Sendable, Equatable, CustomStringConvertible {
    enum Base: Sendable, Equatable {
        case boolean, double, longText, longBlob, date
        /// With a sign: 16, 32 or 64 bits.
        case integer(bits: Int)
        /// 64 bits without a sign.
        case unsigned
        case decimal(precision: Int, scale: Int)
        /// Of so many characters, all of them stored for `CHAR`.
        case char(Int)
        case varchar(Int)
        /// Of so many bytes.
        case varbinary(Int)
        /// With microseconds.
        case time, datetime
        /// Any other, that somebody gave the column: texts go in.
        case other(String)
    }

    var base: Base

    init(_ base: Base) { self.base = base }

    var description: String {
        switch base {
        case .boolean: "BOOLEAN"
        case .double: "DOUBLE"
        case .longText: "LONGTEXT"
        case .longBlob: "LONGBLOB"
        case .date: "DATE"
        case .integer(let bits): bits <= 16 ? "SMALLINT" : bits <= 32 ? "INT" : "BIGINT"
        case .unsigned: "BIGINT UNSIGNED"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .char(let length): "CHAR(\(length))"
        case .varchar(let length): "VARCHAR(\(length))"
        case .varbinary(let length): "VARBINARY(\(length))"
        case .time: "TIME(6)"
        case .datetime: "DATETIME(6)"
        case .other(let text): text
        }
    }

    /// A type as `information_schema.COLUMNS.COLUMN_TYPE` tells it.
    init(parsing text: String) {
        let text = text.lowercased()
        let name = text.prefix { $0.isLetter }
        var lengths: [Int] = []
        if let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")"), open < close {
            lengths = text[text.index(after: open)..<close].split(separator: ",").compactMap { Int($0) }
        }
        let isUnsigned = text.contains("unsigned")
        switch name {
        case "tinyint" where lengths == [1] && !isUnsigned: self.init(.boolean)
        case "boolean": self.init(.boolean)
        case "smallint" where !isUnsigned: self.init(.integer(bits: 16))
        case "int" where !isUnsigned: self.init(.integer(bits: 32))
        case "bigint" where !isUnsigned: self.init(.integer(bits: 64))
        case "bigint": self.init(.unsigned)
        case "double" where lengths.isEmpty && !isUnsigned: self.init(.double)
        case "decimal" where lengths.count == 2 && !isUnsigned:
            self.init(.decimal(precision: lengths[0], scale: lengths[1]))
        case "char" where lengths.count == 1: self.init(.char(lengths[0]))
        case "varchar" where lengths.count == 1: self.init(.varchar(lengths[0]))
        case "varbinary" where lengths.count == 1: self.init(.varbinary(lengths[0]))
        case "longtext": self.init(.longText)
        case "longblob": self.init(.longBlob)
        case "date": self.init(.date)
        case "time" where lengths == [6]: self.init(.time)
        case "datetime" where lengths == [6]: self.init(.datetime)
        default: self.init(.other(text))
        }
    }

    /// How values of a column go into statements.
    enum Form: Sendable, Equatable { case boolean, number(MySQLType), text, bytes, date, time, datetime }

    var form: Form {
        switch base {
        case .boolean: .boolean
        case .integer, .unsigned, .decimal, .double: .number(self)
        case .char, .varchar, .longText: .text
        case .longBlob, .varbinary: .bytes
        case .date: .date
        case .time: .time
        case .datetime: .datetime
        case .other(let text):
            text.contains("blob") || text.hasPrefix("binary") ? .bytes : .text
        }
    }

    /// Whether the column keeps texts of this many characters.
    private func holds(characters: Int) -> Bool {
        switch base {
        case .char(let length), .varchar(let length): length >= characters
        case .longText: true
        case .other("mediumtext"), .other("text"): characters <= 16_383
        case .other("json"): true
        default: false
        }
    }

    /// Whether a column of the type that is there takes this type's values.
    func fit(_ present: String) -> TypeFit {
        let there = MySQLType(parsing: present)
        if base == there.base { return .fits }
        let unlike = TypeFit.refused("and its source \(self) by now")
        // Bytes are never the text of bytes.
        if form == .bytes, there.form != .bytes { return unlike }
        switch (base, there.base) {
        case (.boolean, .integer): return .fits
        case (.integer(let bits), .integer(let old)): return bits <= old ? .fits : .change
        case (.integer, .boolean): return .change
        case (.integer(let bits), .decimal(let precision, let scale)):
            return precision - scale >= Self.digits(bits) ? .fits : unlike
        case (.decimal(let precision, let scale), .decimal(let old, let oldScale)):
            if scale <= oldScale, precision - scale <= old - oldScale { return .fits }
            return scale >= oldScale && precision - scale >= old - oldScale ? .change : unlike
        case (.decimal(let precision, let scale), .integer(let bits)):
            return precision - scale >= Self.digits(bits) ? .change : unlike
        case (.double, .other("float")), (.double, .integer): return .change
        case (.datetime, .date), (.datetime, .other), (.time, .other), (.date, .datetime): return .change
        case (.longBlob, .varbinary): return .change
        case (.varbinary, .longBlob): return .fits
        case (.varbinary(let length), .varbinary(let old)): return length <= old ? .fits : .change
        case (.char(let length), _), (.varchar(let length), _):
            if there.holds(characters: length) { return .fits }
            return there.becomesText ? .change : unlike
        case (.longText, .other("json")): return .fits
        case (.longText, _): return there.becomesText ? .change : unlike
        // Every value has a text. A narrower shape comes again after a crash, too.
        case (_, .longText): return .fits
        case (_, .varchar(let length)), (_, .char(let length)): return length >= 100 ? .fits : .change
        case (.longBlob, .other(let text)) where text.contains("blob"): return .change
        default: return unlike
        }
    }

    /// Whether the text that the server makes of a value is the source's.
    private var becomesText: Bool {
        switch base {
        case .integer, .decimal, .char, .varchar, .date, .longText: true
        case .other(let text): text.contains("text") || text.hasPrefix("enum") || text == "uuid"
        case .boolean, .double, .longBlob, .varbinary, .time, .datetime, .unsigned: false
        }
    }

    private static func digits(_ bits: Int) -> Int { bits <= 16 ? 5 : bits <= 32 ? 10 : 19 }
}
