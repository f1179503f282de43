/// Reads the text of a Postgres array token by token: `{1,NULL,"a \"b\""}`, `[0:1]={{1,2},{3,4}}`.
///
/// Source: the manual, "Array Input and Output Syntax". Lower bounds are skipped; `NULL` without quotes is the null
/// value.
struct ArrayText {
    private let bytes: UnsafeRawBufferPointer
    private let delimiter: UInt8
    private var offset = 0
    private var depth = 0
    private var expected = Expected.firstOpen

    private enum Expected {
        case firstOpen, valueOrClose, value, separatorOrClose, end
    }

    enum Token {
        case open
        case close
        case separator
        case null
        case plain(UnsafeRawBufferPointer)
        /// The inside of the quotes; `escaped`: each backslash stands before a byte that is meant as it is.
        case quoted(UnsafeRawBufferPointer, escaped: Bool)
        case end
        case malformed
    }

    init(_ bytes: UnsafeRawBufferPointer, delimiter: UInt8 = UInt8(ascii: ",")) {
        self.bytes = bytes
        self.delimiter = delimiter
    }

    /// The next token. After `end` or `malformed` there is none.
    mutating func next() -> Token {
        switch expected {
        case .firstOpen:
            guard skipBounds(), take(UInt8(ascii: "{")) else { return .malformed }
            return open()
        case .valueOrClose:
            if take(UInt8(ascii: "}")) { return close() }
            return value()
        case .value:
            return value()
        case .separatorOrClose:
            if take(delimiter) {
                expected = .value
                return .separator
            }
            return take(UInt8(ascii: "}")) ? close() : .malformed
        case .end:
            return offset == bytes.count ? .end : .malformed
        }
    }

    private mutating func open() -> Token {
        depth += 1
        expected = .valueOrClose
        return .open
    }

    private mutating func close() -> Token {
        depth -= 1
        expected = depth == 0 ? .end : .separatorOrClose
        return .close
    }

    private mutating func value() -> Token {
        if take(UInt8(ascii: "{")) { return open() }
        expected = .separatorOrClose
        if take(UInt8(ascii: "\"")) { return quoted() }
        let start = offset
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == delimiter || byte == UInt8(ascii: "}") { break }
            // Postgres quotes every element that holds one of these.
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                return .malformed
            }
            offset += 1
        }
        guard offset > start else { return .malformed }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
        return text.isNull ? .null : .plain(text)
    }

    private mutating func quoted() -> Token {
        let start = offset
        var escaped = false
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let text = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
                offset += 1
                return .quoted(text, escaped: escaped)
            case UInt8(ascii: "\\"):
                escaped = true
                offset += 2
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

    /// `[1:2][-1:0]=` before the outermost brace.
    private mutating func skipBounds() -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "[") else { return true }
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "="): return bytes[offset - 2] == UInt8(ascii: "]")
            case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                0x30...0x39:
                continue
            default: return false
            }
        }
        return false
    }
}

extension ArrayText {
    /// The elements of a one-dimensional array, nulls left out; empty when malformed. For the catalog, not for rows.
    static func strings(_ text: String) -> [String] {
        var text = text
        return text.withUTF8 { utf8 in
            var scanner = ArrayText(UnsafeRawBufferPointer(utf8))
            var found: [String] = []
            while true {
                switch scanner.next() {
                case .open, .close, .separator, .null: continue
                case .plain(let bytes): found.append(String(decoding: bytes, as: UTF8.self))
                case .quoted(let bytes, let escaped):
                    found.append(
                        String(decoding: escaped ? Backslashes.removed(from: bytes) : Array(bytes), as: UTF8.self))
                case .end: return found
                case .malformed: return []
                }
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The word NULL, without quotes, in any case.
    var isNull: Bool {
        count == 4 && self[0] | 0x20 == UInt8(ascii: "n") && self[1] | 0x20 == UInt8(ascii: "u")
            && self[2] | 0x20 == UInt8(ascii: "l") && self[3] | 0x20 == UInt8(ascii: "l")
    }
}
