import CoreIngest
import Logging

/// Reads the tables as they were at the slot's consistent point and hands their rows over, table by table, between marks.
///
/// Batches acknowledge nothing but the last one, which acknowledges the consistent point: until then a crash starts over.
struct SnapshotReader: ~Copyable {
    private let settings: PostgresSourceSettings
    private let source: SourceIdentity
    private let intake: any Intake
    private let control: SourceControl
    private let log: Logger
    private let decoding: DecoderSettings
    private let streams: StreamCache
    private var builder: EventBatchBuilder
    private var progress = SnapshotProgress()
    private var ordinal: UInt64 = 0
    private let started = ContinuousClock.now
    private var nextReport = ContinuousClock.now + .seconds(5)

    init(
        settings: PostgresSourceSettings, decoding: DecoderSettings, intake: any Intake, control: SourceControl,
        streams: StreamCache, log: Logger
    ) {
        self.settings = settings
        self.decoding = decoding
        source = decoding.source
        self.intake = intake
        self.control = control
        self.streams = streams
        self.log = log
        builder = EventBatchBuilder(capacity: settings.batch.bytes + settings.batch.bytes / 4)
    }

    /// Makes `connection` see what the slot's creation saw. While the connection that created the slot is idle and open.
    static func enter(_ snapshot: String, on connection: borrowing PostgresConnection) throws(SourceError) {
        try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try connection.query("SET TRANSACTION SNAPSHOT \(SQLText.literal(snapshot))")
    }

    /// Copies every table of the plan. `connection` is in the snapshot; its transaction ends here.
    mutating func read(
        _ plan: SnapshotPlan, catalog: Catalog, at point: LogSequenceNumber, on connection: borrowing PostgresConnection
    ) throws(SourceError) {
        progress.tables = plan.tables.count
        progress.estimatedRows = plan.estimatedRows
        show()
        let time = Timestamp.now()
        for table in plan.tables {
            guard let relation = catalog.tables.relation(table.relation, columns: table.columns) else {
                throw SourceError(
                    .snapshotFailed, "table \(table.name) changed while its snapshot began: the snapshot starts over")
            }
            var decoder = CopyRowDecoder(
                relation: relation, settings: decoding, catalog: catalog, streams: streams, snapshotLSN: point,
                snapshotTime: time)
            if let hold = decoder.stream?.hold, hold.action == .pause {
                throw SourceError(.schemaHeld, hold.message)
            }
            try read(table, with: &decoder, on: connection)
            progress.tablesDone += 1
            log.info("snapshot of \(table.name) complete", metadata: ["rows": "\(progress.tableRows)"])
            show()
        }
        if builder.isEmpty {
            intake.advance(source, to: point.rawValue)
        } else {
            try offer(acknowledge: point.rawValue)
        }
        try connection.query("COMMIT")
        show()
    }

    private mutating func read(
        _ table: SnapshotPlan.Table, with decoder: inout CopyRowDecoder, on connection: borrowing PostgresConnection
    ) throws(SourceError) {
        // Left out by the factory: its rows need not come at all.
        guard decoder.stream != nil else { return }
        progress.table = "\(table.name)"
        progress.tableRows = 0
        progress.tableEstimatedRows = table.estimatedRows
        show()
        decoder.mark(.snapshotBegin, ordinal: takeOrdinal(), into: &builder)
        // A lock held by a migration may delay the copy: wait long, but not for ever, and stop when asked.
        try connection.startCopy(
            table.copyStatement, timeout: .seconds(600), signal: control.signal,
            stopping: { [control] in control.isStopping })
        reading: while true {
            switch try connection.receive() {
            case .message(let message):
                do throws(DecodingError) {
                    try decoder.decode(line: message.bytes, ordinal: takeOrdinal(), into: &builder)
                } catch {
                    throw SourceError(.malformedMessage, "snapshot of \(table.name): \(error)")
                }
                progress.tableRows += 1
                progress.rows += 1
                progress.bytes += UInt64(message.count)
                if isFull {
                    try offer(acknowledge: 0)
                    decoder.batchSealed()
                    report()
                }
            case .wait:
                let outcome = Wait.until(
                    .now + .seconds(5), socket: connection.socket, reading: true, signal: control.signal)
                if outcome.contains(.readable) { try connection.readSocket() }
                try obey()
            case .finished:
                do throws(SourceError) {
                    try connection.finishCopy()
                } catch {
                    throw SourceErrorPolicy.withAdvice(error, table: "\(table.name)")
                }
                break reading
            }
        }
        decoder.mark(.snapshotEnd, ordinal: takeOrdinal(), into: &builder)
        // The next table's decoder knows nothing of the indices in this batch; they are found again by identity.
    }

    private var isFull: Bool {
        builder.arena.count >= settings.batch.bytes || builder.records.count >= settings.batch.records
    }

    private mutating func takeOrdinal() -> UInt64 {
        defer { ordinal += 1 }
        return ordinal
    }

    /// Hands the batch over, waiting for room.
    private mutating func offer(acknowledge: UInt64) throws(SourceError) {
        let events = UInt64(builder.records.count)
        while !intake.offer(&builder, from: source, acknowledge: acknowledge) {
            control.update { $0.isPaused = true }
            // The signal tells of room; the deadline only guards against one that was lost.
            _ = Wait.until(.now + .seconds(1), socket: -1, reading: false, signal: control.signal)
            try obey()
        }
        control.update { status in
            status.isPaused = false
            status.events += events
        }
    }

    private func obey() throws(SourceError) {
        let orders = control.takeOrders()
        if let failure = orders.failure { throw failure }
        if orders.isStopping { throw SourceError(.stopped, "stopped during the snapshot, which starts over next time") }
        if orders.wantsReplay {
            throw SourceError(.snapshotFailed, "a sink lost its place during the snapshot, which starts over")
        }
    }

    private mutating func report() {
        guard ContinuousClock.now >= nextReport else { return }
        nextReport = .now + .seconds(5)
        show()
        log.info(
            "snapshot",
            metadata: [
                "table": "\(progress.table)", "tables": "\(progress.tablesDone)/\(progress.tables)",
                "rows": "\(progress.rows)", "rows_per_second": "\(Int(progress.rowsPerSecond))",
                "percent": "\(Int(progress.share * 100))",
                "seconds_left": "\(progress.timeLeft.map { "\($0.components.seconds)" } ?? "?")",
            ])
    }

    private mutating func show() {
        progress.elapsed = started.duration(to: .now)
        let shown = progress
        control.update { $0.snapshot = shown }
    }
}
