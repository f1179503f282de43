package import CoreIngest

/// Names and values of a query or of an `application/x-www-form-urlencoded` body, decoded, in order.
///
/// `+` is a space. What is no `%XX` stays as it is, as browsers do; text that is not UTF-8 after decoding has each malformed
/// sequence replaced by U+FFFD, so that it can become JSON. Used again for the next text.
package struct FormFields: ~Copyable {
    /// A pair, as ranges of ``arena``.
    package struct Field {
        package var name: ByteRange
        package var value: ByteRange
    }

    package private(set) var arena = ByteArena(capacity: 1024)
    package private(set) var fields: [Field] = []
    /// There were more than the limit, and they were left out.
    package private(set) var isCut = false

    package init() {}

    /// Reads `text`, forgets what was read before. At most `limit` pairs.
    package mutating func read(_ text: UnsafeRawBufferPointer, limit: Int = 1000) {
        arena.truncate(to: 0)
        fields.removeAll(keepingCapacity: true)
        isCut = false
        var start = 0
        while start <= text.count {
            var end = start
            var middle: Int?
            while end < text.count, text[end] != UInt8(ascii: "&") {
                if middle == nil, text[end] == UInt8(ascii: "=") { middle = end }
                end += 1
            }
            if end > start {
                if fields.count == limit {
                    isCut = true
                    return
                }
                let name = decode(text, start..<(middle ?? end))
                let value = decode(text, (middle.map { $0 + 1 } ?? end)..<end)
                fields.append(Field(name: name, value: value))
            }
            start = end + 1
        }
    }

    /// The value of the first field with a name.
    package func first(_ name: StaticString) -> ByteRange? {
        let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return fields.first { arena[$0.name].elementsEqual(wanted) }?.value
    }

    private mutating func decode(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> ByteRange {
        let start = arena.count
        PercentText.append(UnsafeRawBufferPointer(rebasing: text[range]), plusIsSpace: true, to: &arena)
        arena.repairUTF8(from: start)
        return ByteRange(from: start, to: arena.count)
    }
}
