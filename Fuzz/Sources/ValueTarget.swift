import CoreIngest

@testable import LogicalDecoding

/// The text of values that hold others. The first byte chooses the type.
struct ValueTarget {
    private let types: [UInt32]

    /// Of int4, text, bool, numeric, timestamptz, pair, hstore and box, whose delimiter is `;`.
    static let array = ValueTarget(
        types: [1007, 1009, 1000, 1231, 1185, SampleTable.pair + 1000, SampleTable.hstore + 1000, 1020])
    static let composite = ValueTarget(types: [SampleTable.pair, SampleTable.nest, SampleTable.nest + 1000])
    static let hstore = ValueTarget(types: [SampleTable.hstore])

    func run(_ input: UnsafeRawBufferPointer) {
        guard let first = input.first else { return }
        var nested = NestedWriters()
        let writer = nested.writer(of: types[Int(first) % types.count], in: SampleTable.types)
        let text = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        var values = ValueWriter()
        var arena = ByteArena(capacity: 64)
        values.write(text, as: writer, of: nested, into: &arena)
        promise(EventPromises.isLine(arena.bytes), "no JSON on one line: \(EventPromises.text(arena.bytes))")
        let length = arena.count
        // Buffers are used again: the second answer must be the first.
        values.write(text, as: writer, of: nested, into: &arena)
        promise(
            arena.bytes[..<length].elementsEqual(arena.bytes[length...]),
            "another answer the second time: \(EventPromises.text(arena.bytes))")
        _ = ArrayText.strings(EventPromises.text(text))
    }
}
