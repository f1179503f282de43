/// Why bytes are not JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case empty = "there is no value"
        case unexpectedByte = "a byte that JSON does not allow here"
        case unexpectedEnd = "the text ends inside a value"
        case trailingBytes = "something follows the value"
        case expectedKey = "a property name in double quotes is expected"
        case expectedColon = "a colon is expected after a property name"
        case malformedNumber = "a malformed number"
        case malformedLiteral = "a word that is not true, false or null"
        case malformedEscape = "a malformed escape in a string"
        case controlCharacter = "a control character in a string, which must be escaped"
        case malformedUTF8 = "a string that is not UTF-8"
        case tooDeep = "values are nested too deeply"
        case tooLarge = "the text is too large"
    }

    package var code: Code
    /// Bytes from the beginning.
    package var offset: Int
    /// From 1; lines end with a newline.
    package var line: Int
    /// From 1; in bytes.
    package var column: Int

    init(_ code: Code, at offset: Int, in input: RawSpan) {
        self.code = code
        self.offset = offset
        line = 1
        column = 1
        for index in 0..<min(offset, input.byteCount) {
            if input.unsafeLoad(fromByteOffset: index, as: UInt8.self) == 0x0A {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
    }

    package var description: String { "not JSON: \(code.rawValue), at line \(line), column \(column) (byte \(offset))" }
}

/// What a reader accepts.
package struct JSONLimits: Sendable {
    /// Containers within containers.
    package var depth: Int
    /// Bytes of text; at most ``mostBytes``.
    package var bytes: Int

    /// Words of the tape have 30 bits for an offset.
    package static let mostBytes = (1 << 30) - 1

    package init(depth: Int = 1000, bytes: Int = JSONLimits.mostBytes) {
        self.depth = depth
        self.bytes = min(bytes, Self.mostBytes)
    }
}
