import CoreIngest

/// Rows of one channel that wait to be sent, as lines of JSON with the events that they are of.
struct StreamedRows: ~Copyable {
    /// The lines. A row ends with ``end(_:_:)``.
    var lines = ByteArena(capacity: 64 << 10)
    private var ends: [(end: Int, event: EventReference, position: Position)] = []

    var count: Int { ends.count }

    /// Where the row that is being written begins.
    var start: Int { ends.last?.end ?? 0 }

    /// Ends a row.
    mutating func end(_ event: EventReference, _ position: Position) { ends.append((lines.count, event, position)) }

    /// Drops the row that is being written.
    mutating func dropRow() { lines.truncate(to: start) }

    mutating func clear() {
        lines.truncate(to: 0)
        ends.removeAll(keepingCapacity: true)
    }

    /// Sends all, in order, and forgets them. What Snowflake finds too large is sent in halves; of a single row `refuse` is told.
    mutating func send(
        to channel: StreamingChannel, refuse: (EventReference, SnowflakeFailure) -> Void
    ) throws(SnowflakeFailure) {
        var pending = [0..<count]
        while let range = pending.popLast() {
            guard !range.isEmpty else { continue }
            let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1].end
            let last = ends[range.upperBound - 1]
            do throws(SnowflakeFailure) {
                try channel.append(UnsafeRawBufferPointer(rebasing: lines.bytes[start..<last.end]), last: last.position)
            } catch {
                guard error.kind == .tooLarge else { throw error }
                if range.count == 1 {
                    channel.leavesHole()
                    refuse(last.event, error)
                } else {
                    let middle = range.lowerBound + range.count / 2
                    pending += [middle..<range.upperBound, range.lowerBound..<middle]
                }
            }
        }
        clear()
    }
}
