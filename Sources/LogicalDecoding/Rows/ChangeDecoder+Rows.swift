import CoreIngest

extension ChangeDecoder {
    /// Insert, update, delete.
    mutating func decodeRow(
        _ reader: inout MessageReader, walStart: LogSequenceNumber, into builder: inout EventBatchBuilder
    ) throws(DecodingError) -> DecodedMessage {
        let header = try RowMessage(from: &reader)
        guard let slot = slots.index(of: header.relation) else { throw unknownRelation(header.relation, reader) }
        let operation: Operation =
            switch reader.type {
            case UInt8(ascii: "I"): .create
            case UInt8(ascii: "U"): .update
            default: .delete
            }
        // Counted before the table is looked at, so that a filter does not change the ordinals.
        var record = try nextRecord(operation, reader, walStart: walStart)
        let plan = try plan(slot, for: record.position)
        guard let stream = plan.stream else { return .other }

        rows.begin(plan)
        rows.values.repairedText = false
        let start = builder.arena.count
        if header.part != .newRow {
            let keyOnly = header.part == .oldKey
            try rows.writeOld(&reader, keyOnly: keyOnly, plan: plan, into: &builder.arena)
            record.before = try Self.range(start, builder.arena.count, reader)
            if keyOnly { record.flags.insert(.beforeIsKeyOnly) }
            if operation == .update {
                guard try RowMessage.part(from: &reader) == .newRow else {
                    throw reader.error(.malformed, "an update without its new row", at: reader.offset - 1)
                }
            }
        }
        if operation == .delete {
            record.payload = record.before
        } else {
            let begin = builder.arena.count
            try rows.writeNew(&reader, plan: plan, into: &builder.arena)
            record.payload = try Self.range(begin, builder.arena.count, reader)
            if let contract = stream.rows {
                let payload = builder.arena[record.payload]
                if evaluator.passes(contract, rows.new, hasNull: rows.hasNull, payload, at: begin) {
                    record.flags.insert(.passed)
                }
            }
        }
        try reader.finish()
        try finish(&record, plan, reader, into: &builder)
        try announce(slot, before: record, reader, into: &builder)
        record.stream = streamIndex(slot, stream, in: &builder)
        record.transaction = transactionIndex(in: &builder)
        builder.append(record)
        return .change
    }

    /// Adds what follows from the rows: the key and its hash, unchanged columns, flags.
    @inline(__always)
    private mutating func finish(
        _ record: inout EventRecord, _ plan: RelationPlan, _ reader: borrowing MessageReader,
        into builder: inout EventBatchBuilder
    ) throws(DecodingError) {
        var start = builder.arena.count
        if rows.writeKey(ofOld: record.operation == .delete, plan: plan, into: &builder.arena) {
            record.key = try Self.range(start, builder.arena.count, reader)
            record.keyHash = KeyHash.hash(builder.arena[record.key], seed: plan.keySeed)
        }
        if record.operation == .update, !record.before.isEmpty, rows.keyChanged(plan: plan, in: builder.arena) {
            record.flags.insert(.keyChanged)
        }
        if !rows.unchanged.isEmpty {
            start = builder.arena.count
            rows.writeUnchanged(plan: plan, into: &builder.arena)
            record.unchanged = try Self.range(start, builder.arena.count, reader)
        }
        if rows.values.repairedText { record.flags.insert(.repairedText) }
    }

    /// A range of the arena, which has a limit.
    @inline(__always)
    static func range(
        _ start: Int, _ end: Int, _ reader: borrowing MessageReader
    ) throws(DecodingError) -> ByteRange {
        guard end <= ByteRange.limit else {
            throw reader.error(
                .tooLarge,
                "the event needs more than 4,032 MiB of JSON; leave the column or the table out of the publication",
                at: 0)
        }
        return ByteRange(from: start, to: end)
    }

    @inline(never)
    func unknownRelation(_ relation: UInt32, _ reader: borrowing MessageReader) -> DecodingError {
        reader.error(.unknownRelation, "a change of relation \(relation), which was not announced; reconnect", at: 1)
    }
}
