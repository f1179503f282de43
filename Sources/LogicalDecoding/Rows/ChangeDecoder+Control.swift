import CoreIngest

extension ChangeDecoder {
    /// Everything but rows.
    mutating func decodeControl(
        _ message: consuming PgOutputMessage, _ reader: borrowing MessageReader, walStart: LogSequenceNumber,
        sentAt: Int64,
        into builder: inout EventBatchBuilder
    ) throws(DecodingError) -> DecodedMessage {
        switch message {
        case .begin(let begin):
            guard transaction == nil else {
                throw reader.error(.outOfOrder, "a transaction begins inside another; reconnect", at: 0)
            }
            transaction = OpenTransaction(
                info: TransactionInfo(commitLSN: begin.commitLSN, xid: begin.xid, commitTime: begin.commitTime),
                system: systemBits(at: begin.commitLSN))
            return .begin(commitLSN: begin.commitLSN)
        case .commit(let commit):
            guard let open = transaction, open.info.commitLSN == commit.commitLSN else {
                throw reader.error(
                    .outOfOrder,
                    "a commit at \(commit.commitLSN) that does not belong to the open transaction; reconnect",
                    at: 0)
            }
            transaction = nil
            lastCommit = CommitMark(end: commit.endLSN, xid: open.info.xid, time: open.info.commitTime)
            return .commit(endLSN: commit.endLSN)
        case .origin(let origin):
            guard transaction != nil else {
                throw reader.error(.outOfOrder, "an origin outside a transaction; reconnect", at: 0)
            }
            transaction?.info.origin = origin.name
            return .other
        case .relation(let announced):
            slots.announce(announced.relation)
            return .relation(announced.relation)
        case .type: return .other
        case .truncate(let truncate):
            return try decode(truncate, reader, walStart: walStart, into: &builder)
        case .message(let logical):
            return try decode(logical, reader, walStart: walStart, sentAt: sentAt, into: &builder)
        case .row: throw reader.error(.unknownMessage, "a row where none belongs", at: 0)
        case .streamStart, .streamStop, .streamCommit, .streamAbort:
            throw reader.error(
                .notRequested, "a piece of a running transaction, but streaming was not asked for; reconnect", at: 0)
        case .beginPrepare, .prepare, .commitPrepared, .rollbackPrepared, .streamPrepare:
            throw reader.error(
                .notRequested,
                "a prepared transaction, but two-phase commit was not asked for: the slot was made with two_phase;"
                    + " use another slot",
                at: 0)
        }
    }

    /// One event per table, with an empty object as payload.
    private mutating func decode(
        _ truncate: TruncateMessage, _ reader: borrowing MessageReader, walStart: LogSequenceNumber,
        into builder: inout EventBatchBuilder
    ) throws(DecodingError) -> DecodedMessage {
        var found: [Int] = []
        for relation in truncate.relations {
            guard let slot = slots.index(of: relation) else { throw unknownRelation(relation, reader) }
            found.append(slot)
        }
        // A table whose events are not to be read ends this before anything is written of the others.
        if let open = transaction {
            for (offset, slot) in found.enumerated() {
                _ = try plan(
                    slot,
                    for: Position(commit: open.info.commitLSN.rawValue, ordinal: open.ordinal &+ UInt64(offset)))
            }
        }
        var answer = DecodedMessage.other
        for slot in found {
            var record = try nextRecord(.truncate, reader, walStart: walStart)
            guard let stream = try plan(slot, for: record.position).stream else { continue }
            var start = builder.arena.count
            builder.arena.append("{}")
            record.payload = try Self.range(start, builder.arena.count, reader)
            if truncate.cascade || truncate.restartIdentity {
                start = builder.arena.count
                builder.arena.appendJSONString(text: EventSchemas.truncate.description)
                builder.arena.append(#":{"cascade":"#)
                builder.arena.append(truncate.cascade ? "true" : "false")
                builder.arena.append(#","restartIdentity":"#)
                builder.arena.append(truncate.restartIdentity ? "true}" : "false}")
                record.contexts = try Self.range(start, builder.arena.count, reader)
            }
            try announce(slot, before: record, reader, into: &builder)
            record.stream = streamIndex(slot, stream, in: &builder)
            record.transaction = transactionIndex(in: &builder)
            builder.append(record)
            answer = .change
        }
        return answer
    }

    /// `{"prefix":…,"content":…}`; content that is not UTF-8 is written as bytea is.
    private mutating func decode(
        _ message: LogicalMessage, _ reader: borrowing MessageReader, walStart: LogSequenceNumber, sentAt: Int64,
        into builder: inout EventBatchBuilder
    ) throws(DecodingError) -> DecodedMessage {
        var record: EventRecord
        if message.isTransactional {
            record = try nextRecord(.message, reader, walStart: walStart)
        } else {
            guard transaction == nil else {
                throw reader.error(.outOfOrder, "a non-transactional message inside a transaction; reconnect", at: 0)
            }
            record = EventRecord()
            record.operation = .message
            record.position = Position(commit: message.lsn.rawValue, ordinal: 0)
            record.timestamp = sentAt
            (record.uuidHigh, record.uuidLow) = EventID.change(
                commit: message.lsn.rawValue, ordinal: 0, system: systemBits(at: message.lsn))
        }
        record.lsn = message.lsn
        rows.values.repairedText = false
        let start = builder.arena.count
        builder.arena.append(#"{"prefix":"#)
        rows.values.writeText(message.prefix, into: &builder.arena)
        builder.arena.append(#","content":"#)
        if TextEncoding.isUTF8(message.content) {
            rows.values.writeText(message.content, into: &builder.arena)
        } else {
            builder.arena.append(#""\\x"#)
            for byte in message.content { builder.arena.append(hex: UInt64(byte), digits: 2) }
            builder.arena.append(UInt8(ascii: "\""))
        }
        builder.arena.append(UInt8(ascii: "}"))
        record.payload = try Self.range(start, builder.arena.count, reader)
        if rows.values.repairedText { record.flags.insert(.repairedText) }
        record.stream = builder.index(of: messageStream)
        record.transaction = message.isTransactional ? transactionIndex(in: &builder) : .max
        builder.append(record)
        return .change
    }
}
