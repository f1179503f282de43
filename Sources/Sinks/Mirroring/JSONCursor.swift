/// Walks over JSON text and answers where members, elements and values lie, without decoding them.
///
/// The text comes from our own decoder; still, every step is checked against the end, and what is malformed ends the walk
/// with ``isMalformed``. Values are not validated beyond what finding their ends takes: the server does that.
struct JSONCursor {
    private let base: UnsafeRawPointer
    private let end: Int
    private(set) var offset = 0
    private(set) var isMalformed = false
    private var isFirst = true

    /// Over one value. The bytes must outlive the cursor.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return nil }
        base = start
        end = bytes.count
    }

    /// The first byte that is not a blank, without taking it; nil at the end.
    mutating func peek() -> UInt8? {
        while offset < end {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            if byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 { return byte }
            offset += 1
        }
        return nil
    }

    /// Enters an object or an array; false, and malformed, when there is none.
    mutating func enter(_ bracket: UInt8) -> Bool {
        guard peek() == bracket else {
            isMalformed = true
            return false
        }
        offset += 1
        isFirst = true
        return true
    }

    /// The next member of the object that was entered: its name with quotes and escapes, and its value. Nil at the end.
    mutating func nextMember() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard advance(to: UInt8(ascii: "}")) else { return nil }
        guard peek() == UInt8(ascii: "\""), let name = value() else { return fail() }
        guard peek() == UInt8(ascii: ":") else { return fail() }
        offset += 1
        guard let value = value() else { return fail() }
        return (name, value)
    }

    /// The next element of the array that was entered. Nil at the end.
    mutating func nextElement() -> UnsafeRawBufferPointer? {
        guard advance(to: UInt8(ascii: "]")) else { return nil }
        return value() ?? fail()
    }

    /// Goes over the comma; false at the closing bracket, which is taken.
    private mutating func advance(to closing: UInt8) -> Bool {
        guard let byte = peek() else {
            isMalformed = true
            return false
        }
        if byte == closing {
            offset += 1
            return false
        }
        if isFirst {
            isFirst = false
        } else {
            guard byte == UInt8(ascii: ",") else {
                isMalformed = true
                return false
            }
            offset += 1
        }
        return true
    }

    private mutating func fail<Result>() -> Result? {
        isMalformed = true
        return nil
    }

    /// One whole value from here; nil when malformed.
    private mutating func value() -> UnsafeRawBufferPointer? {
        guard let first = peek() else { return fail() }
        let start = offset
        switch first {
        case UInt8(ascii: "\""):
            guard skipString() else { return fail() }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard skipNested() else { return fail() }
        default:
            while offset < end {
                let byte = base.load(fromByteOffset: offset, as: UInt8.self)
                if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte <= 0x20
                    || byte == UInt8(ascii: ":")
                {
                    break
                }
                offset += 1
            }
            guard offset > start else { return fail() }
        }
        return UnsafeRawBufferPointer(start: base + start, count: offset - start)
    }

    private mutating func skipString() -> Bool {
        var at = offset + 1
        while at < end {
            let byte = base.load(fromByteOffset: at, as: UInt8.self)
            if byte == UInt8(ascii: "\"") {
                offset = at + 1
                return true
            }
            at += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return false
    }

    private mutating func skipNested() -> Bool {
        var depth = 0
        while offset < end {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            switch byte {
            case UInt8(ascii: "\""):
                guard skipString() else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            offset += 1
            if depth == 0 { return true }
        }
        return false
    }
}
