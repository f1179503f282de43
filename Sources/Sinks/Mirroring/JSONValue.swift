import CoreIngest
import Glibc

/// JSON values as they lie in payloads: what sinks ask of them without making a document.
extension ByteArena {
    /// What a JSON string says; `json` includes the quotes.
    static func unescaped(_ json: UnsafeRawBufferPointer) -> String {
        var text = ByteArena(capacity: json.count)
        text.appendUnescaped(json)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// Appends what a JSON string says; `json` includes the quotes. Half a surrogate pair becomes U+FFFD.
    mutating func appendUnescaped(_ json: UnsafeRawBufferPointer) {
        guard json.count >= 2 else { return }
        let content = UnsafeRawBufferPointer(rebasing: json[1..<json.count - 1])
        var at = 0
        while at < content.count {
            let run = content.offset(of: UInt8(ascii: "\\"), from: at) ?? content.count
            append(UnsafeRawBufferPointer(rebasing: content[at..<run]))
            guard run + 1 < content.count else { return }
            at = run + 2
            switch content[run + 1] {
            case UInt8(ascii: "b"): append(0x08)
            case UInt8(ascii: "f"): append(0x0C)
            case UInt8(ascii: "n"): append(0x0A)
            case UInt8(ascii: "r"): append(0x0D)
            case UInt8(ascii: "t"): append(0x09)
            case UInt8(ascii: "u"): at = appendUnicodeEscape(content, at)
            case let byte: append(byte)
            }
        }
    }

    /// Appends the character whose four digits begin at `start`; answers where its escape, or pair of escapes, ends.
    private mutating func appendUnicodeEscape(_ content: UnsafeRawBufferPointer, _ start: Int) -> Int {
        guard let unit = content.hexadecimal(at: start) else { return start }
        var value = UInt32(unit)
        var end = start + 4
        if (0xD800..<0xDC00).contains(unit), end + 6 <= content.count, content[end] == UInt8(ascii: "\\"),
            content[end + 1] == UInt8(ascii: "u"), let low = content.hexadecimal(at: end + 2),
            (0xDC00..<0xE000).contains(low)
        {
            value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            end += 6
        }
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { append(byte) }
        return end
    }
}

extension UnsafeRawBufferPointer {
    var isJSONNull: Bool { count == 4 && self[0] == UInt8(ascii: "n") }

    /// The text of a number, a boolean, or a string without escapes: nothing in it needs a change anywhere. Else nil.
    var plainScalar: UnsafeRawBufferPointer? {
        guard let head = first else { return nil }
        switch head {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return nil
        case UInt8(ascii: "\""):
            guard count >= 2, offset(of: UInt8(ascii: "\\"), from: 0) == nil else { return nil }
            return UnsafeRawBufferPointer(rebasing: self[1..<count - 1])
        default: return self
        }
    }

    fileprivate func offset(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress, let hit = memchr(base + start, Int32(byte), count - start) else {
            return nil
        }
        return UnsafeRawPointer(hit) - base
    }

    fileprivate func hexadecimal(at start: Int) -> UInt16? {
        guard start + 4 <= count else { return nil }
        var value: UInt16 = 0
        for index in start..<start + 4 {
            switch self[index] {
            case let digit where digit >= 0x30 && digit <= 0x39: value = value << 4 | UInt16(digit - 0x30)
            case let digit where digit >= 0x41 && digit <= 0x46: value = value << 4 | UInt16(digit - 0x37)
            case let digit where digit >= 0x61 && digit <= 0x66: value = value << 4 | UInt16(digit - 0x57)
            default: return nil
            }
        }
        return value
    }
}
