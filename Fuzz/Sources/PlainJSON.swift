/// A second opinion on what JSON is: RFC 8259 by recursive descent, as plain as can be, and apart from the product's reader.
struct PlainJSON {
    private let bytes: [UInt8]
    private var index = 0
    private static let depthLimit = 1000

    static func accepts(_ text: UnsafeRawBufferPointer) -> Bool {
        var json = PlainJSON(bytes: Array(text))
        return String(validating: json.bytes, as: UTF8.self) != nil && json.value(0) && json.index == json.bytes.count
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// 0 beyond the end, which is allowed nowhere in JSON.
    private var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.dropFirst(index).starts(with: wanted) else { return false }
        index += wanted.count
        return true
    }

    private mutating func space() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
    }

    /// A value and the space around it.
    private mutating func value(_ depth: Int) -> Bool {
        space()
        let holds: Bool
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["): holds = depth < Self.depthLimit && container(depth)
        case UInt8(ascii: "\""): holds = string()
        case UInt8(ascii: "t"): holds = take("true")
        case UInt8(ascii: "f"): holds = take("false")
        case UInt8(ascii: "n"): holds = take("null")
        default: holds = number()
        }
        space()
        return holds
    }

    private mutating func container(_ depth: Int) -> Bool {
        let isObject = take("{")
        if !isObject { index += 1 }
        let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        space()
        if byte == end {
            index += 1
            return true
        }
        while true {
            if isObject {
                space()
                guard byte == UInt8(ascii: "\""), string() else { return false }
                space()
                guard take(":") else { return false }
            }
            guard value(depth + 1) else { return false }
            if take(",") { continue }
            guard byte == end else { return false }
            index += 1
            return true
        }
    }

    private mutating func string() -> Bool {
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte < 0x20 { return false }
            guard byte == UInt8(ascii: "\\") else { continue }
            if take("u") {
                guard index + 4 <= bytes.count, bytes[index..<index + 4].allSatisfy(Self.isHexadecimal) else {
                    return false
                }
                index += 4
            } else {
                guard "\"\\/bfnrt".utf8.contains(self.byte) else { return false }
                index += 1
            }
        }
        return false
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { "0123456789abcdefABCDEF".utf8.contains(byte) }

    private mutating func digits() -> Int {
        let start = index
        while byte >= 0x30 && byte <= 0x39 { index += 1 }
        return index - start
    }

    private mutating func number() -> Bool {
        _ = take("-")
        let startsWithZero = byte == 0x30
        let whole = digits()
        guard whole > 0, !startsWithZero || whole == 1 else { return false }
        if take("."), digits() == 0 { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return digits() > 0
        }
        return true
    }
}
