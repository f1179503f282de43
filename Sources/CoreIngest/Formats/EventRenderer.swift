#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes batches in the formats that sinks ask for. One per process: it knows the instance that stamps the events.
///
/// Every event becomes exactly one line of JSON; control marks become none. Payloads, keys and old rows are copied byte for
/// byte, except that a newline between tokens (which a `json` column may hold) becomes a space.
public final class EventRenderer: Sendable {
    /// Who took the events in: written into every envelope.
    public struct Instance: Sendable {
        /// `app.name`: becomes `buzName`.
        public var name: String
        /// `app.env`: becomes `buzEnv`.
        public var environment: String
        /// The program's version: becomes `buzVersion`.
        public var version: String
        /// An instance by its parts.
        public init(name: String, environment: String, version: String) {
            self.name = name
            self.environment = environment
            self.version = version
        }
    }

    let instance: Instance

    /// A renderer that stamps events with `instance`.
    public init(instance: Instance) { self.instance = instance }

    /// Renders all records of a batch.
    public func render(_ batch: EventBatch, as format: EventFormat) -> RenderedBatch {
        let records = batch.records
        var arena = ByteArena(capacity: roomNeeded(for: batch, as: format))
        var ends: [Int] = []
        ends.reserveCapacity(records.count)
        switch format {
        case .envelope:
            var writer = EnvelopeWriter(batch: batch, instance: instance)
            for index in records.indices {
                writer.write(index, to: &arena)
                ends.append(arena.count)
            }
        case .debezium:
            let writer = DebeziumWriter(batch: batch, instance: instance)
            for index in records.indices {
                writer.write(index, to: &arena)
                ends.append(arena.count)
            }
        case .row:
            for record in records {
                if !record.operation.isControl {
                    let start = arena.count
                    arena.append(payload: record.payload, of: batch)
                    arena.endLine(from: start)
                }
                ends.append(arena.count)
            }
        }
        return RenderedBatch(arena: arena, ends: ends)
    }

    /// The envelope of one record, without a newline: for dead letters. Empty for a control mark.
    public func envelope(of index: Int, in batch: EventBatch) -> [UInt8] {
        var arena = ByteArena(capacity: 2048)
        var writer = EnvelopeWriter(batch: batch, instance: instance)
        writer.write(index, to: &arena)
        return Array(arena.bytes.dropLast(1))
    }

    /// An estimate from above for all but very long names, so that the arena seldom grows.
    private func roomNeeded(for batch: EventBatch, as format: EventFormat) -> Int {
        var names = 256
        for stream in batch.streams {
            let length = stream.schema.vendor.utf8.count + stream.schema.name.utf8.count + stream.table.utf8.count
            names = max(names, 2 * length + stream.schemaName.utf8.count + stream.database.utf8.count)
        }
        switch format {
        case .envelope: return batch.byteCount + batch.records.count * (names + 640)
        case .debezium: return batch.byteCount + batch.records.count * (names + 480)
        case .row: return batch.byteCount + batch.records.count * 8
        }
    }
}

extension ByteArena {
    /// Appends the payload; `null` where the event has none (a truncation).
    mutating func append(payload range: ByteRange, of batch: EventBatch) {
        if range.isEmpty {
            append("null")
        } else {
            append(batch.bytes(of: range))
        }
    }

    /// Ends the line that began at `start`. In JSON a newline byte can only stand between tokens, so a space says the same.
    mutating func endLine(from start: Int) {
        var position = start
        while let hit = memchr(base + position, 0x0A, used - position) {
            hit.storeBytes(of: UInt8(ascii: " "), as: UInt8.self)
            position = UnsafeMutableRawPointer(hit) - base + 1
        }
        append(UInt8(ascii: "\n"))
    }

    /// Appends a UUID in its canonical text form, without quotes.
    package mutating func append(uuidHigh high: UInt64, low: UInt64) {
        reserve(36)
        append(hex: high >> 32, digits: 8)
        append(UInt8(ascii: "-"))
        append(hex: high >> 16, digits: 4)
        append(UInt8(ascii: "-"))
        append(hex: high, digits: 4)
        append(UInt8(ascii: "-"))
        append(hex: low >> 48, digits: 4)
        append(UInt8(ascii: "-"))
        append(hex: low, digits: 12)
    }
}
