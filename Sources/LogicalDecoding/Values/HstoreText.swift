/// Reads the text of an hstore pair by pair: `"a"=>"1", "b"=>NULL`. Source: the manual, "hstore External
/// Representation".
struct HstoreText {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The inside of quotes; `escaped`: each backslash stands before a byte that is meant as it is.
    struct Quoted {
        var bytes: UnsafeRawBufferPointer
        var escaped: Bool
    }

    enum Pair {
        case pair(key: Quoted, value: Quoted?)
        case end
        case malformed
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> Pair {
        if offset == bytes.count { return .end }
        if offset > 0, !take(", ") { return .malformed }
        guard let key = quoted(), take("=>") else { return .malformed }
        if take("NULL") { return .pair(key: key, value: nil) }
        guard let value = quoted() else { return .malformed }
        return .pair(key: key, value: value)
    }

    private mutating func quoted() -> Quoted? {
        guard take("\"") else { return nil }
        let start = offset
        var escaped = false
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let text = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
                offset += 1
                return Quoted(bytes: text, escaped: escaped)
            case UInt8(ascii: "\\"):
                escaped = true
                offset += 2
            default: offset += 1
            }
        }
        return nil
    }

    private mutating func take(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard bytes.count - offset >= count else { return false }
        for index in 0..<count where bytes[offset + index] != literal.utf8Start[index] { return false }
        offset += count
        return true
    }
}
