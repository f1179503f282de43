import CoreIngest

/// Writes JSON for people and scripts: members in the order given, no white space.
struct JSONText: ~Copyable {
    private var arena = ByteArena(capacity: 4096)
    private var needsComma = false

    /// The text of one object.
    static func object(_ body: (inout JSONText) -> Void) -> [UInt8] {
        var text = JSONText()
        text.object(body)
        return Array(text.arena.bytes)
    }

    /// The text of one array.
    static func array(_ body: (inout JSONText) -> Void) -> [UInt8] {
        var text = JSONText()
        text.array(body)
        return Array(text.arena.bytes)
    }

    mutating func object(_ body: (inout JSONText) -> Void) {
        separate()
        arena.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        arena.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func array(_ body: (inout JSONText) -> Void) {
        separate()
        arena.append(UInt8(ascii: "["))
        needsComma = false
        body(&self)
        arena.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func object(_ name: String, _ body: (inout JSONText) -> Void) {
        key(name)
        object(body)
    }

    mutating func array(_ name: String, _ body: (inout JSONText) -> Void) {
        key(name)
        array(body)
    }

    mutating func member(_ name: String, _ value: String?) {
        key(name)
        element(value)
    }

    mutating func member(_ name: String, _ value: some FixedWidthInteger) {
        key(name)
        arena.append(decimal: Int64(clamping: value))
        needsComma = true
    }

    mutating func member(_ name: String, _ value: Bool) {
        key(name)
        if value { arena.append("true") } else { arena.append("false") }
        needsComma = true
    }

    /// A number with at most three decimals.
    mutating func member(_ name: String, _ value: Double?) {
        key(name)
        if let value, value.isFinite {
            arena.append(contentsOf: ((value * 1000).rounded() / 1000).description)
        } else {
            arena.append("null")
        }
        needsComma = true
    }

    /// A member whose value is JSON already.
    mutating func member(_ name: String, json: [UInt8]) {
        key(name)
        arena.append(json)
        needsComma = true
    }

    mutating func element(_ value: String?) {
        separate()
        if let value { arena.appendJSONString(text: value) } else { arena.append("null") }
        needsComma = true
    }

    private mutating func key(_ name: String) {
        separate()
        arena.appendJSONString(text: name)
        arena.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { arena.append(UInt8(ascii: ",")) }
        needsComma = false
    }
}

extension ByteArena {
    fileprivate mutating func append(contentsOf text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }
}
