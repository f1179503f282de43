import CoreIngest

/// Reads a row of COPY's text format field by field: tabs between fields, `\N` for null, backslash escapes.
///
/// Source: the manual, "COPY", section "Text Format". Octal and hexadecimal escapes are only read by COPY FROM and
/// never written.
struct CopyText {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private(set) var isAtEnd: Bool

    enum Field {
        case null
        case text(UnsafeRawBufferPointer, escaped: Bool)
    }

    /// `line`: with or without its newline. A table without columns has no field at all.
    init(_ line: UnsafeRawBufferPointer, isWithoutColumns: Bool) {
        bytes = line.last == UInt8(ascii: "\n") ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
        isAtEnd = isWithoutColumns && bytes.isEmpty
    }

    /// The next field; not to be called at the end.
    mutating func next() -> Field {
        let start = offset
        var escaped = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\t") { break }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                offset = min(offset + 2, bytes.count)
            } else {
                offset += 1
            }
        }
        let field = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
        if offset == bytes.count { isAtEnd = true } else { offset += 1 }
        if escaped, field.count == 2, field[1] == UInt8(ascii: "N") { return .null }
        return .text(field, escaped: escaped)
    }

    /// Appends a field's text with its escapes resolved.
    static func unescape(_ field: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        arena.reserve(field.count)
        var index = 0
        while index < field.count {
            var byte = field[index]
            if byte == UInt8(ascii: "\\"), index + 1 < field.count {
                index += 1
                switch field[index] {
                case UInt8(ascii: "b"): byte = 0x08
                case UInt8(ascii: "f"): byte = 0x0C
                case UInt8(ascii: "n"): byte = 0x0A
                case UInt8(ascii: "r"): byte = 0x0D
                case UInt8(ascii: "t"): byte = 0x09
                case UInt8(ascii: "v"): byte = 0x0B
                case let other: byte = other
                }
            }
            arena.append(byte)
            index += 1
        }
    }
}
