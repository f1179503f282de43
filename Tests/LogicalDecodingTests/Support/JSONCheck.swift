/// Whether bytes are one JSON text on one line. Written apart from the product's own reader, to check what it writes.
struct JSONCheck {
    private let bytes: [UInt8]
    private var index = 0

    static func isValid(_ text: some Sequence<UInt8>) -> Bool {
        var check = JSONCheck(bytes: Array(text))
        return String(validating: check.bytes, as: UTF8.self) != nil && !check.bytes.contains(10) && check.value(0)
            && check.index == check.bytes.count
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }

    private mutating func blanks() { while [32, 9, 13].contains(byte) { index += 1 } }

    private mutating func value(_ depth: Int) -> Bool {
        guard depth < 200 else { return false }
        blanks()
        defer { blanks() }
        switch byte {
        case UInt8(ascii: "{"): return list(UInt8(ascii: "}"), depth, members: true)
        case UInt8(ascii: "["): return list(UInt8(ascii: "]"), depth, members: false)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func list(_ end: UInt8, _ depth: Int, members: Bool) -> Bool {
        index += 1
        blanks()
        if byte == end {
            index += 1
            return true
        }
        while true {
            if members {
                blanks()
                guard byte == UInt8(ascii: "\""), string() else { return false }
                blanks()
                guard byte == UInt8(ascii: ":") else { return false }
                index += 1
            }
            guard value(depth + 1) else { return false }
            if byte == end {
                index += 1
                return true
            }
            guard byte == UInt8(ascii: ",") else { return false }
            index += 1
        }
    }

    private mutating func string() -> Bool {
        index += 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return true
            case UInt8(ascii: "\\"):
                guard index + 1 < bytes.count, Array("\"\\/bfnrtu".utf8).contains(bytes[index + 1]) else {
                    return false
                }
                index += 2
            case 0..<0x20: return false
            default: index += 1
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        let start = index
        if byte == UInt8(ascii: "-") { index += 1 }
        while (0x30...0x39).contains(byte) || Array(".eE+-".utf8).contains(byte) { index += 1 }
        return index > start && (0x30...0x39).contains(bytes[index - 1])
    }

    private mutating func word(_ word: String) -> Bool {
        guard bytes[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }
}
