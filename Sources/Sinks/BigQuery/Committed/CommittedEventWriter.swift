import CoreIngest

/// Appends events by streams of its own, each request at its offset: exactly once.
///
/// What is to be appended where is written down before (``AppendRecord``). Whether a request whose answer was lost took effect, the
/// offset tells that is sent again, or, when the events come cut in another way or from another process, the number of rows of the
/// stream, which is ended for that: then nothing late can come into it. Where the stream is gone, the table is asked for the row.
final class CommittedEventWriter: BigQueryEventWriter {
    private let table: BigQueryEventTable
    private let path: String
    private let rendered: RenderedEvents
    private let client: StorageWriteClient
    private let appender: StorageAppender
    private let journal: AppendJournal
    private let isStored: (AppendRecord.LastRow) throws(BigQueryFailure) -> Bool
    private let now: @Sendable () -> ContinuousClock.Instant
    private let descriptor = EventTableColumns.descriptor.serialized()
    /// Nil: the journal is to be read.
    private var session: Session?

    /// A stream that had no rows for so long is not used any more. Google lets go of it after four days.
    private static let idleTime: Duration = .seconds(86_400)

    private struct Session {
        var record: AppendRecord
        /// Whether ``record`` names a stream of this session.
        var hasStream = false
        /// Whether the stream has taken rows: if not, it is the rows that are refused.
        var isProven = false
        /// Whether an answer to the pending rows was lost: they may be in the table, whatever is answered now.
        var isUncertain = false
        /// When the stream was written to last.
        var usedAt: ContinuousClock.Instant?
        /// Whether the journal has ``record``.
        var isWritten = true
    }

    /// `path`: `projects/p/datasets/d/tables/t`. `isStored` asks the table for a row.
    init(
        _ table: BigQueryEventTable, path: String, _ rendered: RenderedEvents, _ client: StorageWriteClient,
        _ journal: AppendJournal, now: @escaping @Sendable () -> ContinuousClock.Instant,
        isStored: @escaping (AppendRecord.LastRow) throws(BigQueryFailure) -> Bool
    ) {
        self.table = table
        self.path = path
        self.rendered = rendered
        self.client = client
        appender = StorageAppender(client: client)
        self.journal = journal
        self.now = now
        self.isStored = isStored
    }

    func open() throws(BigQueryFailure) -> [SourceIdentity: Position] {
        table.forget()
        session = nil
        return try resume().record.positions.floors
    }

    func write(_ events: [EventReference], of slices: [BatchSlice]) throws(BigQueryFailure)
        -> [EventReference: BigQueryFailure]
    {
        try table.prepare()
        var session = try resume()
        settleRefusals(before: events, of: slices, &session)
        var rows = encoded(events, of: slices, session)
        if let pending = session.record.pending {
            let (sent, refused) = StorageAppender.first(of: rows)
            if pending != self.pending(sent, refused: refused, of: rows, slices, session) {
                try settle(&session)
                rows = encoded(events, of: slices, session)
            }
        }
        self.session = session
        let result = appender.append(rows) { rows, sent, size, refused in
            send(sent, size, refused: refused, of: rows, slices)
        }
        if let failure = result.failure { throw failure }
        var refused: [EventReference: BigQueryFailure] = [:]
        for (row, failure) in result.refused { refused[rows.owners[row]] = failure }
        return refused
    }

    /// Writes down that nothing is under way: a stream may be gone by the next start.
    func flush() throws(BigQueryFailure) {
        guard let session, !session.isWritten, session.record.pending == nil else { return }
        try journal.write(session.record)
        self.session?.isWritten = true
    }

    private func encoded(_ events: [EventReference], of slices: [BatchSlice], _ session: Session) -> EncodedRows {
        let positions = session.record.positions
        let left = events.filter {
            !positions.holds($0.record(in: slices).position, of: $0.batch(in: slices).source)
        }
        var rows = EncodedRows()
        rendered.forEach(left, of: slices) { event, record, batch, shared, line in
            rows.append(event) { EventTableColumns.encode(record, of: batch, shared, line, into: &$0) }
        }
        return rows
    }

    private func settleRefusals(
        before events: [EventReference], of slices: [BatchSlice], _ session: inout Session
    ) {
        var met: Set<SourceIdentity> = []
        for event in events {
            let source = event.batch(in: slices).source
            guard met.insert(source).inserted else { continue }
            session.record.positions.settleRefusals(before: event.record(in: slices).position, of: source)
        }
    }

    // MARK: One request

    /// What becomes of the positions when some rows are appended, while others were refused.
    private func pending(
        _ sent: ArraySlice<Int>, refused: [Int], of rows: borrowing EncodedRows, _ slices: [BatchSlice],
        _ session: Session
    ) -> AppendRecord.Pending? {
        guard let last = sent.last else { return nil }
        var after = session.record.positions
        for row in refused { after.refuse(position(row, rows, slices), of: source(row, rows, slices)) }
        for row in sent { after.append(position(row, rows, slices), of: source(row, rows, slices)) }
        return AppendRecord.Pending(
            rows: sent.count,
            last: AppendRecord.LastRow(
                source: source(last, rows, slices), position: position(last, rows, slices),
                receivedAt: rows.owners[last].batch(in: slices).receivedAt), after: after)
    }

    private func position(_ row: Int, _ rows: borrowing EncodedRows, _ slices: [BatchSlice]) -> Position {
        rows.owners[row].record(in: slices).position
    }

    private func source(_ row: Int, _ rows: borrowing EncodedRows, _ slices: [BatchSlice]) -> SourceIdentity {
        rows.owners[row].batch(in: slices).source
    }

    private func send(
        _ sent: ArraySlice<Int>, _ size: Int, refused: [Int], of rows: borrowing EncodedRows, _ slices: [BatchSlice]
    ) -> AppendAnswer {
        do throws(BigQueryFailure) {
            var session = try resume()
            let pending = pending(sent, refused: refused, of: rows, slices, session)
            if session.record.pending == nil || session.record.pending != pending { try begin(pending, &session) }
            session.usedAt = now()
            self.session = session
            let answer = client.append(
                sent, size, of: rows, descriptor, to: session.record.stream, offset: session.record.offset)
            return conclude(answer, &session)
        } catch { return AppendAnswer(error) }
    }

    /// Writes down what is about to be appended, in a stream that is made where there is none.
    private func begin(_ pending: AppendRecord.Pending?, _ session: inout Session) throws(BigQueryFailure) {
        if let usedAt = session.usedAt, now() - usedAt > Self.idleTime { session.hasStream = false }
        if !session.hasStream {
            do throws(BigQueryFailure) { session.record.stream = try client.createStream(path) } catch {
                if error.kind == .notFound { table.forget() }
                throw error.afterChange
            }
            session.record.offset = 0
            session.hasStream = true
            session.isProven = false
        }
        session.record.pending = pending
        session.isUncertain = false
        try journal.write(session.record)
        session.isWritten = true
    }

    private func conclude(_ answer: AppendAnswer, _ session: inout Session) -> AppendAnswer {
        defer { self.session = session }
        guard var failure = answer.failure else {
            appended(&session)
            return answer
        }
        switch failure.kind {
        case .exists:
            // The stream is ours alone: an answer to the same rows was lost.
            appended(&session)
            return AppendAnswer()
        case .invalid, .tooLarge:
            // Without rows to blame it may be the stream that is refused, which a new one tells.
            if session.isUncertain || answer.rowErrors.isEmpty && session.isProven {
                failure.kind = .streamEnded
                return AppendAnswer(failure)
            }
            session.record.pending = nil
            session.isWritten = false
            return answer
        case .notFound:
            failure.kind = .streamEnded
            return AppendAnswer(failure)
        case .unavailable, .throttled, .unauthenticated, .forbidden, .schemaLag, .offset, .streamEnded, .misconfigured,
            .cancelled, .other:
            session.isUncertain = true
            return answer
        }
    }

    private func appended(_ session: inout Session) {
        guard let pending = session.record.pending else { return }
        session.record.positions = pending.after
        session.record.offset += Int64(pending.rows)
        session.record.pending = nil
        session.isProven = true
        session.isWritten = false
    }

    // MARK: After a crash, or where events come cut in another way

    /// The session, begun by what the journal says where there is none.
    private func resume() throws(BigQueryFailure) -> Session {
        if let session { return session }
        var session = Session(record: try journal.read())
        if session.record.pending != nil { try settle(&session) }
        self.session = session
        return session
    }

    /// Finds out whether the pending rows were appended, and lets go of their stream.
    private func settle(_ session: inout Session) throws(BigQueryFailure) {
        guard let pending = session.record.pending else { return }
        if try wasAppended(pending, session.record) { session.record.positions = pending.after }
        session = Session(record: AppendRecord(positions: session.record.positions))
        try journal.write(session.record)
        self.session = session
    }

    private func wasAppended(
        _ pending: AppendRecord.Pending, _ record: AppendRecord
    ) throws(BigQueryFailure) -> Bool {
        let rows: Int64
        do throws(BigQueryFailure) { rows = try client.finalize(record.stream) } catch {
            switch error.kind {
            // Gone after days without rows, or ended already: nothing can come into it any more.
            case .notFound, .invalid, .streamEnded, .misconfigured, .exists: return try isStored(pending.last)
            case .unavailable, .throttled, .unauthenticated, .forbidden, .schemaLag, .offset, .tooLarge, .cancelled,
                .other:
                throw error
            }
        }
        if rows == record.offset + Int64(pending.rows) { return true }
        if rows == record.offset { return false }
        throw BigQueryFailure(
            .misconfigured,
            "the stream \(record.stream) has \(rows) rows, and this sink counted \(record.offset) and \(pending.rows) more: is the state folder a copy, or an older one? \(journal.withoutIt)"
        )
    }
}
