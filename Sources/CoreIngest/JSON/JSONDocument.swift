/// A text with its tape, kept: for schemas and other things that stay. Events are read with a ``JSONReader``.
package final class JSONDocument: Sendable {
    // Written only in the initialiser, read-only ever after, so sharing it is safe.
    nonisolated(unsafe) private let text: UnsafeMutableRawBufferPointer
    nonisolated(unsafe) private let words: UnsafeMutableBufferPointer<UInt64>

    /// Copies and reads `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var reader = JSONReader(limits: limits)
        let view = try reader.read(bytes)
        text = .allocate(byteCount: bytes.count, alignment: 8)
        text.copyMemory(from: bytes)
        words = .allocate(capacity: view.words.count)
        _ = words.initialize(from: view.words)
    }

    /// Reads a string.
    package convenience init(_ string: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var arena = ByteArena(capacity: string.utf8.count)
        arena.append(text: string)
        try self.init(arena.bytes, limits: limits)
    }

    deinit {
        text.deallocate()
        words.deallocate()
    }

    /// The root is 0. Valid as long as this object.
    package var view: JSONView {
        JSONView(words: UnsafeBufferPointer(words), bytes: UnsafeRawBufferPointer(text))
    }

    package var byteCount: Int { text.count + words.count * 8 }
}
