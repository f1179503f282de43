/// How far behind their sources the tables of one sink are. A state machine without a clock, fed once per batch and table.
///
/// A table is behind from the first of its events that is taken in until the last one is durable. Known exactly is when the oldest
/// event that waits was committed where the table was up to date before; while it never is, it is the last delivered one's time,
/// which is a little earlier. Counted are events since the start of the process.
struct TableLags {
    private struct Entry {
        var table: StreamDescriptor
        var identity: SourceIdentity
        var taken = Position.start
        var delivered = Position.start
        /// When what waits was committed, at the earliest; nil while nothing waits. Microseconds since the Unix epoch.
        var since: Int64?
        /// Commit time of the last event that is durable.
        var deliveredTimestamp: Int64?
    }

    private struct Name: Hashable {
        var source: String
        var database: String
        var schema: String
        var table: String
    }

    /// Tables that are counted; events of further ones are not.
    static let most = 100_000
    /// Descriptors whose place is remembered: a table has a new one with each change of its schema.
    private static let mostDescriptors = 200_000

    private var entries: [Entry] = []
    private var places: [Name: Int] = [:]
    /// Places by descriptor, each kept alive by `kept`, as another could get its identity.
    private var known: [ObjectIdentifier: Int] = [:]
    private var kept: [StreamDescriptor] = []

    /// The lane has taken in a batch.
    mutating func took(_ batch: EventBatch) {
        for extent in batch.extents {
            guard let place = place(of: batch.streams[extent.stream], batch.source) else { continue }
            let (first, last) = (batch.records[extent.first], batch.records[extent.last])
            // What a source sends again is known.
            guard last.position > entries[place].taken else { continue }
            if entries[place].delivered >= entries[place].taken { entries[place].since = first.timestamp }
            entries[place].taken = last.position
        }
    }

    /// The destination has a batch durably, or its dead letters have what it does not take.
    mutating func delivered(_ batch: EventBatch) {
        for extent in batch.extents {
            guard let place = place(of: batch.streams[extent.stream], batch.source) else { continue }
            let last = batch.records[extent.last]
            guard last.position > entries[place].delivered else { continue }
            entries[place].delivered = last.position
            entries[place].deliveredTimestamp = last.timestamp
            let isUpToDate = last.position >= entries[place].taken
            entries[place].since = isUpToDate ? nil : max(entries[place].since ?? 0, last.timestamp)
        }
    }

    /// The tables, in the order of their first events, as of a time in microseconds since the Unix epoch.
    func all(at now: Int64) -> [TableLag] {
        entries.map { entry in
            TableLag(
                source: entry.identity.name, database: entry.table.database, schema: entry.table.schemaName,
                table: entry.table.table,
                lagSeconds: entry.since.map { max(0, Double(now - $0) / 1e6) } ?? 0,
                deliveredTimestamp: entry.deliveredTimestamp)
        }
    }

    /// Nil for events that are of no table.
    private mutating func place(of stream: StreamDescriptor, _ identity: SourceIdentity) -> Int? {
        if stream.table.isEmpty { return nil }
        let place: Int
        if let hit = known[ObjectIdentifier(stream)], entries[hit].identity.name == identity.name {
            place = hit
        } else {
            let name = Name(
                source: identity.name, database: stream.database, schema: stream.schemaName, table: stream.table)
            if let hit = places[name] {
                place = hit
            } else {
                if entries.count >= Self.most { return nil }
                place = entries.count
                entries.append(Entry(table: stream, identity: identity))
                places[name] = place
            }
            if kept.count >= Self.mostDescriptors {
                known.removeAll()
                kept.removeAll()
            }
            known[ObjectIdentifier(stream)] = place
            kept.append(stream)
        }
        // Positions of another history say nothing of these.
        if entries[place].identity != identity { entries[place] = Entry(table: stream, identity: identity) }
        return place
    }
}

/// How far behind its source one table is in one sink.
package struct TableLag: Sendable, Equatable {
    /// The input's name.
    package var source: String
    package var database: String
    package var schema: String
    package var table: String
    /// Age of the oldest change that is not delivered, by its commit; 0 when there is none.
    package var lagSeconds: Double
    /// When the last delivered change was committed: microseconds since the Unix epoch. Nil where none was since the start.
    package var deliveredTimestamp: Int64?
}
