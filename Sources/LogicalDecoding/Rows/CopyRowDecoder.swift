package import CoreIngest

/// Turns the rows of `COPY … TO STDOUT` (text format) of one table into snapshot records, through the same writers as
/// the stream.
package struct CopyRowDecoder: ~Copyable {
    private let plan: RelationPlan
    private let snapshotLSN: LogSequenceNumber
    private let snapshotTime: Int64
    private let system: UInt64
    private let source: SourceIdentity
    private let streams: StreamCache
    private var values = ValueWriter()
    private var scratch = ByteArena()
    private var spans: [ValueSpan]
    private var hasNull = false
    private var evaluator = SchemaEvaluator()
    private var streamIndex: UInt32?

    /// The table's descriptor; nil when the factory leaves the table out: its rows are then not written.
    package var stream: StreamDescriptor? { plan.stream }

    /// `relation`: see ``TableCatalog/relation(_:columns:)``. `snapshotLSN`: the slot's consistent point.
    /// `snapshotTime`: microseconds since the Unix epoch, the same for all tables of a snapshot.
    package init(
        relation: RelationInfo, settings: DecoderSettings, catalog: Catalog, streams: StreamCache,
        snapshotLSN: LogSequenceNumber, snapshotTime: Int64
    ) {
        plan = RelationPlan(relation, database: settings.database, catalog: catalog, streams: streams)
        self.snapshotLSN = snapshotLSN
        self.snapshotTime = snapshotTime
        system = EventID.systemBits(settings.source)
        source = settings.source
        self.streams = streams
        spans = Array(repeating: .absent, count: relation.columns.count)
    }

    /// Takes one line, with or without its newline. `ordinal`: unique among all rows and marks of the snapshot,
    /// increasing. On an error nothing was written.
    package mutating func decode(
        line: UnsafeRawBufferPointer, ordinal: UInt64, into builder: inout EventBatchBuilder
    ) throws(DecodingError) {
        guard let stream = plan.stream else { return }
        let start = builder.arena.count
        values.repairedText = false
        var record = record(.read, ordinal)
        do throws(DecodingError) {
            try writeRow(line, ordinal, into: &builder.arena)
            record.payload = try range(start, builder.arena.count, ordinal)
            if let contract = stream.rows {
                let payload = builder.arena[record.payload]
                if evaluator.passes(contract, spans, hasNull: hasNull, payload, at: start) {
                    record.flags.insert(.passed)
                }
            }
            let keyStart = builder.arena.count
            if writeKey(into: &builder.arena) {
                record.key = try range(keyStart, builder.arena.count, ordinal)
            }
        } catch {
            builder.arena.truncate(to: start)
            throw error
        }
        var row = ordinal
        var secondRow = ordinal
        if !record.key.isEmpty {
            row = KeyHash.hash(builder.arena[record.key], seed: plan.keySeed)
            secondRow = KeyHash.hash(builder.arena[record.key], seed: ~plan.keySeed)
            record.keyHash = row
        }
        (record.uuidHigh, record.uuidLow) = EventID.snapshotRow(
            lsn: snapshotLSN, system: system, table: plan.keySeed, row: row, secondRow: secondRow)
        if values.repairedText { record.flags.insert(.repairedText) }
        record.stream = index(of: stream, in: &builder)
        builder.append(record)
    }

    /// Writes a control mark (``Operation/snapshotBegin`` or ``Operation/snapshotEnd``) for this table; before the one that begins,
    /// what is to be announced of it.
    package mutating func mark(_ operation: Operation, ordinal: UInt64, into builder: inout EventBatchBuilder) {
        guard let stream = plan.stream else { return }
        var record = record(operation, ordinal)
        (record.uuidHigh, record.uuidLow) = EventID.snapshotRow(
            lsn: snapshotLSN, system: system, table: plan.keySeed, row: ordinal, secondRow: UInt64(operation.rawValue))
        if operation == .snapshotBegin { announce(before: record, into: &builder) }
        record.stream = index(of: stream, in: &builder)
        builder.append(record)
    }

    private func announce(before mark: EventRecord, into builder: inout EventBatchBuilder) {
        guard
            let announcement = streams.announcement(
                of: plan.shape, before: mark.position, in: source, isSnapshot: true),
            let start = UInt32(exactly: builder.arena.count), let count = UInt32(exactly: announcement.payload.count)
        else { return }
        var record = EventRecord(announcing: announcement, before: mark, system: system)
        builder.arena.append(announcement.payload)
        record.payload = ByteRange(from: Int(start), to: Int(start) + Int(count))
        record.stream = builder.index(of: announcement.stream)
        builder.append(record)
    }

    /// The builder was sealed: indices of streams start anew.
    package mutating func batchSealed() { streamIndex = nil }

    /// Rows of a snapshot come before all that streams after it: see ``Position``.
    private func record(_ operation: Operation, _ ordinal: UInt64) -> EventRecord {
        var record = EventRecord()
        record.operation = operation
        record.position = Position(commit: snapshotLSN.rawValue &- 1, ordinal: ordinal)
        record.timestamp = snapshotTime
        record.lsn = snapshotLSN
        record.flags = .snapshot
        return record
    }

    private mutating func index(of stream: StreamDescriptor, in builder: inout EventBatchBuilder) -> UInt32 {
        if let streamIndex { return streamIndex }
        let index = builder.index(of: stream)
        streamIndex = index
        return index
    }

    private mutating func writeRow(
        _ line: UnsafeRawBufferPointer, _ ordinal: UInt64, into arena: inout ByteArena
    ) throws(DecodingError) {
        let columns = plan.columns
        var text = CopyText(line, isWithoutColumns: columns.isEmpty)
        let start = arena.count
        hasNull = false
        var index = 0
        while !text.isAtEnd {
            guard index < columns.count else { throw miscounted("more", ordinal) }
            arena.append(plan.fragment(columns[index]))
            let begin = arena.count
            switch text.next() {
            case .null:
                arena.append("null")
                hasNull = true
            case .text(let field, escaped: false):
                values.write(field, as: columns[index].writer, of: plan.nested, into: &arena)
            case .text(let field, escaped: true):
                scratch.truncate(to: 0)
                CopyText.unescape(field, into: &scratch)
                values.write(scratch.bytes, as: columns[index].writer, of: plan.nested, into: &arena)
            }
            spans[index] = ValueSpan(start: begin, end: arena.count)
            index += 1
        }
        guard index == columns.count else { throw miscounted("fewer", ordinal) }
        arena.closeObject(from: start)
    }

    private func writeKey(into arena: inout ByteArena) -> Bool {
        let start = arena.count
        for index in plan.keyColumns {
            arena.append(plan.fragment(plan.columns[index]))
            arena.appendCopy(from: spans[index].start, to: spans[index].end)
        }
        guard arena.count > start else { return false }
        arena.closeObject(from: start)
        return true
    }

    private func range(_ start: Int, _ end: Int, _ ordinal: UInt64) throws(DecodingError) -> ByteRange {
        guard end <= ByteRange.limit else {
            throw DecodingError(
                .tooLarge,
                "the row needs more than 4,032 MiB of JSON; leave the column or the table out of the publication",
                at: .snapshotRow(table: plan.relation.qualifiedName, ordinal: ordinal))
        }
        return ByteRange(from: start, to: end)
    }

    private func miscounted(_ word: String, _ ordinal: UInt64) -> DecodingError {
        DecodingError(
            .malformed, "a row with \(word) fields than the \(plan.columns.count) columns that were copied",
            at: .snapshotRow(table: plan.relation.qualifiedName, ordinal: ordinal))
    }
}
