/// How events are written for a sink: the `format:` key of its configuration.
public enum EventFormat: String, Sendable, CaseIterable {
    /// Buz's self-describing envelope.
    case envelope
    /// before, after, source, op, ts_ms: what Debezium's JSON converter without schemas writes.
    case debezium
    /// The payload alone.
    case row
}

/// A batch in one format: all events in one arena, each followed by a newline.
public final class RenderedBatch: Sendable {
    // Written only while it is made, by its one owner; read-only ever after, so sharing it is safe.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    private let byteCount: Int
    /// Where the line of record `i` ends: `ends[i]`; control marks have empty lines. Bytes from the arena's beginning.
    private let ends: [Int]

    /// Takes over an arena. `ends[i]` is the offset just past the newline of record `i`.
    init(arena: consuming ByteArena, ends: [Int]) {
        byteCount = arena.count
        self.base = arena.takeStorage()
        self.ends = ends
    }

    deinit { base.deallocate() }

    /// The lines of some records, one after the other, each with its newline. Valid while this object lives.
    public func lines(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1]
        let end = range.upperBound == 0 ? 0 : ends[range.upperBound - 1]
        return UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// The line of one record without its newline; empty for a control mark.
    public func line(_ index: Int) -> UnsafeRawBufferPointer {
        let whole = lines(index..<index + 1)
        return UnsafeRawBufferPointer(rebasing: whole.dropLast(1))
    }
}
