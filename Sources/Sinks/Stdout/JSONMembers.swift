/// The members of a JSON object, one after the other: name (without quotes, escapes kept) and value, as they stand.
///
/// For showing, not for checking: it ends at the first byte that it cannot make sense of.
struct JSONMembers: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var offset: Int

    /// The bytes must outlive the iteration.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        offset = 0
        skipSpace()
        offset = current == UInt8(ascii: "{") ? offset + 1 : bytes.count
    }

    mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        skipSpace()
        if current == UInt8(ascii: ",") { offset += 1 }
        skipSpace()
        guard current == UInt8(ascii: "\""), let name = takeValue() else { return nil }
        skipSpace()
        guard current == UInt8(ascii: ":") else { return nil }
        offset += 1
        skipSpace()
        guard let value = takeValue() else { return nil }
        return (UnsafeRawBufferPointer(rebasing: name.dropFirst().dropLast()), value)
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || (0x09...0x0D).contains(byte) { offset += 1 }
    }

    /// Takes a string, a number or word, or a whole array or object.
    private mutating func takeValue() -> UnsafeRawBufferPointer? {
        let start = offset
        var depth = 0
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                guard skipString() else { return nil }
                if depth == 0 { return range(from: start) }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return offset > start ? range(from: start) : nil }
                depth -= 1
                if depth == 0 {
                    offset += 1
                    return range(from: start)
                }
            case UInt8(ascii: ","), 0x20, 0x09...0x0D:
                if depth == 0 { return offset > start ? range(from: start) : nil }
            default: break
            }
            offset += 1
        }
        return nil
    }

    private mutating func skipString() -> Bool {
        offset += 1
        while let byte = current {
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }

    private func range(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<Swift.min(offset, bytes.count)])
    }
}
