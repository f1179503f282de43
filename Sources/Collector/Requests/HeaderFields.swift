import CoreIngest

/// The header fields of one request, as ranges of its bytes. Borrowed: valid only while the request is handled.
///
/// Names keep the case they were sent in and are found without regard to it. Values are as sent, without the space around
/// them; they may hold any byte but control characters.
package struct HeaderFields {
    /// Where one field lies.
    struct Field {
        var name: ByteRange
        var value: ByteRange
    }

    private let fields: UnsafeBufferPointer<Field>
    private let bytes: UnsafeRawBufferPointer

    init(_ fields: UnsafeBufferPointer<Field>, in bytes: UnsafeRawBufferPointer) {
        self.fields = fields
        self.bytes = bytes
    }

    /// How many fields there are.
    package var count: Int { fields.count }

    /// Name and value of one field, in the order of the request; `index` is below ``count``.
    package subscript(_ index: Int) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        (slice(fields[index].name), slice(fields[index].value))
    }

    /// The value of the first field with a name; `name` in lower case.
    package subscript(_ name: StaticString) -> UnsafeRawBufferPointer? {
        let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        for field in fields where Int(field.name.count) == wanted.count {
            if Self.isSame(slice(field.name), lowercase: wanted) { return slice(field.value) }
        }
        return nil
    }

    /// Whether `text` is `lowercase` but for the case of ASCII letters; both have the same length.
    static func isSame(_ text: UnsafeRawBufferPointer, lowercase: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<text.count where lowered(text[index]) != lowercase[index] { return false }
        return true
    }

    /// An ASCII letter in lower case; any other byte as it is.
    static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private func slice(_ range: ByteRange) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(range.offset)..<Int(range.offset) + Int(range.count)])
    }
}
