import CoreIngest

/// Values in ClickHouse's format RowBinary: little-endian numbers, texts with their length in front.
///
/// Source: ClickHouse's documentation, "RowBinary".
extension ByteArena {
    mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        withUnsafeBytes(of: value.littleEndian) { append($0) }
    }

    /// LEB128, without a sign.
    mutating func append(varint value: Int) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func append(rowText bytes: UnsafeRawBufferPointer) {
        append(varint: bytes.count)
        append(bytes)
    }

    mutating func append(rowText text: String) {
        var text = text
        text.withUTF8 { append(rowText: UnsafeRawBufferPointer($0)) }
    }

    /// A UUID is two words, the first one first.
    mutating func append(rowUUIDHigh high: UInt64, low: UInt64) {
        append(littleEndian: high)
        append(littleEndian: low)
    }

    /// Appends a JSON value as a column of a type stores it; `scratch` is for the sink's own use. False, with nothing appended that
    /// counts, where the column cannot hold it.
    mutating func append(
        rowValue json: UnsafeRawBufferPointer?, _ type: ClickHouseType, _ kind: StreamDescriptor.Kind,
        scratch: inout ByteArena
    ) -> Bool {
        guard let json, !json.isJSONNull else {
            if type.isNullable { append(UInt8(1)) }
            return type.isNullable
        }
        if type.isNullable { append(UInt8(0)) }
        var text = json
        if kind != .json, json.first == UInt8(ascii: "\"") {
            if let plain = json.plainScalar {
                text = plain
            } else {
                scratch.truncate(to: 0)
                scratch.appendUnescaped(json)
                text = scratch.bytes
            }
        }
        return append(rowText: text, type.base, kind)
    }

    private mutating func append(
        rowText text: UnsafeRawBufferPointer, _ base: ClickHouseType.Base, _ kind: StreamDescriptor.Kind
    ) -> Bool {
        switch base {
        case .bool:
            guard text.first == UInt8(ascii: "t") || text.first == UInt8(ascii: "f") else { return false }
            append(UInt8(text.first == UInt8(ascii: "t") ? 1 : 0))
        case .integer(let bits):
            guard let value = NumberText.integer(text) else { return false }
            return append(integer: value, bits: bits)
        case .unsigned: return false
        case .float(let bits):
            if bits == 32 {
                guard let value = NumberText.float(text) else { return false }
                append(littleEndian: value.bitPattern)
            } else {
                guard let value = NumberText.double(text) else { return false }
                append(littleEndian: value.bitPattern)
            }
        case .decimal(let precision, let scale):
            guard let words = DecimalText(text)?.scaled(precision: precision, scale: scale) else { return false }
            switch precision {
            case ...9: append(littleEndian: UInt32(truncatingIfNeeded: words.0))
            case ...18: append(littleEndian: words.0)
            case ...38:
                append(littleEndian: words.0)
                append(littleEndian: words.1)
            default:
                append(littleEndian: words.0)
                append(littleEndian: words.1)
                append(littleEndian: words.2)
                append(littleEndian: words.3)
            }
        case .uuid:
            guard let (high, low) = Self.uuid(text) else { return false }
            append(rowUUIDHigh: high, low: low)
        case .date32:
            guard let value = CalendarText(text) else { return false }
            switch value {
            case .before: append(littleEndian: Self.firstDay)
            case .after: append(littleEndian: Self.lastDay)
            case .time(let days, _): append(littleEndian: min(max(days, Self.firstDay), Self.lastDay))
            }
        case .dateTime64:
            guard let value = CalendarText(text) else { return false }
            let first = Int64(Self.firstDay) * 86_400_000_000
            let last = Int64(Self.lastDay + 1) * 86_400_000_000 - 1
            switch value {
            case .before: append(littleEndian: first)
            case .after: append(littleEndian: last)
            case .time: append(littleEndian: min(max(value.microsecondsSinceEpoch ?? 0, first), last))
            }
        case .string:
            if kind == .bytes {
                var bytes = ByteArena(capacity: text.count / 2)
                if bytes.append(bytesOf: text) {
                    append(rowText: bytes.bytes)
                    return true
                }
            }
            append(rowText: text)
        }
        return true
    }

    /// 1900-01-01 and 2299-12-31: `ClickHouseTypes.dates`.
    private static let firstDay: Int32 = -25_567
    private static let lastDay: Int32 = 120_529

    private mutating func append(integer value: Int64, bits: Int) -> Bool {
        switch bits {
        case 8:
            guard let small = Int8(exactly: value) else { return false }
            append(littleEndian: small)
        case 16:
            guard let small = Int16(exactly: value) else { return false }
            append(littleEndian: small)
        case 32:
            guard let small = Int32(exactly: value) else { return false }
            append(littleEndian: small)
        default: append(littleEndian: value)
        }
        return true
    }

    private static func uuid(_ text: UnsafeRawBufferPointer) -> (UInt64, UInt64)? {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for byte in text where byte != UInt8(ascii: "-") {
            let nibble: UInt8
            switch byte {
            case 0x30...0x39: nibble = byte - 0x30
            case 0x61...0x66: nibble = byte - 0x57
            case 0x41...0x46: nibble = byte - 0x37
            default: return nil
            }
            if digits < 16 { words.0 = words.0 << 4 | UInt64(nibble) } else { words.1 = words.1 << 4 | UInt64(nibble) }
            digits += 1
        }
        return digits == 32 ? words : nil
    }
}

/// Reads RowBinary of `Nullable(String)` columns, as our own statements ask for.
struct RowBinaryTexts {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { at >= bytes.count }

    /// One value; `.some(nil)` for NULL, nil where the bytes end within it.
    mutating func next() -> UnsafeRawBufferPointer?? {
        guard at < bytes.count else { return .none }
        at += 1
        if bytes[at - 1] != 0 { return .some(nil) }
        var count = 0
        var shift = 0
        while true {
            guard at < bytes.count, shift < 63 else { return .none }
            let byte = bytes[at]
            at += 1
            count |= Int(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        guard count <= bytes.count - at else { return .none }
        defer { at += count }
        return .some(UnsafeRawBufferPointer(rebasing: bytes[at..<at + count]))
    }
}
