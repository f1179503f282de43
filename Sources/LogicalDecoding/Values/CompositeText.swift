/// Reads the text of a Postgres composite field by field: `(1,,"a ""b"" \\ c")`.
///
/// Source: the manual, "Composite Type Input and Output Syntax". Nothing between the commas is null; in quotes a
/// doubled quote or a backslash before a byte stands for that byte.
struct CompositeText {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    enum Field {
        case null
        case plain(UnsafeRawBufferPointer)
        case quoted(UnsafeRawBufferPointer, escaped: Bool)
        case malformed
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Takes the opening parenthesis.
    mutating func begin() -> Bool { take(UInt8(ascii: "(")) }

    /// Takes the comma that must stand between fields.
    mutating func separator() -> Bool { take(UInt8(ascii: ",")) }

    /// Takes the closing parenthesis, which must be the end.
    mutating func end() -> Bool { take(UInt8(ascii: ")")) && offset == bytes.count }

    mutating func field() -> Field {
        if take(UInt8(ascii: "\"")) { return quoted() }
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: ","), UInt8(ascii: ")"):
                return offset == start ? .null : .plain(UnsafeRawBufferPointer(rebasing: bytes[start..<offset]))
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "("): return .malformed
            default: offset += 1
            }
        }
        return .malformed
    }

    private mutating func quoted() -> Field {
        let start = offset
        var escaped = false
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\\"):
                escaped = true
                offset += 2
            case UInt8(ascii: "\""):
                if offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "\"") {
                    escaped = true
                    offset += 2
                } else {
                    let text = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
                    offset += 1
                    return .quoted(text, escaped: escaped)
                }
            default: offset += 1
            }
        }
        return .malformed
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }
}
