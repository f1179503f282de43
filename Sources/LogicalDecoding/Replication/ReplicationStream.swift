import CLinux
import CoreIngest
import Glibc
import Logging

/// Reads one connection's stream: takes messages apart, has them decoded, hands batches over, and reports to the server.
///
/// One thread, which blocks in `poll(2)` only. Where there is no room for a batch it stops reading and goes on reporting, so the
/// server never takes it for dead.
struct ReplicationStream: ~Copyable {
    /// How a stream ended that did not fail.
    enum Ending {
        /// On request; what was complete is handed over, and the server has freed the slot.
        case stopped
        /// A lane lost its place: begin again at the acknowledged position.
        case replay
    }

    let connection: PostgresConnection
    let settings: PostgresSourceSettings
    let source: SourceIdentity
    let intake: any Intake
    let control: SourceControl
    let keeper: CheckpointKeeper
    let log: Logger
    let side: ConnectionOptions
    var decoder: ChangeDecoder
    var builder: EventBatchBuilder
    var progress: StreamProgress
    var schedule: StatusSchedule
    var pacing: GatherPacing
    /// Events at or before it were taken over before this connection; nil once all that come are new.
    var replayed: Position?
    /// Until it is complete, nothing of what comes is new.
    var proof: HistoryProof
    var isPaused = false
    /// A table's schema changed in a way that ends the reading, until the next start.
    private var isHeld = false
    private var isReading: Bool { !isPaused && !isHeld }
    var hasUnsent = false
    /// Bytes taken in since the last wait.
    private var taken = 0
    /// When the oldest change in the builder came.
    private var waitingSince: ContinuousClock.Instant?
    private var discovery = TableDiscovery()
    private var shownTransactions: UInt64 = 0
    private var bytes: UInt64 = 0

    init(
        connection: consuming PostgresConnection, settings: PostgresSourceSettings, decoding: DecoderSettings,
        intake: any Intake, control: SourceControl, keeper: CheckpointKeeper, side: ConnectionOptions, catalog: Catalog,
        streams: StreamCache, start: LogSequenceNumber, proof: HistoryProof, senderTimeout: Duration,
        replayed: Position, log: Logger
    ) {
        self.connection = connection
        self.settings = settings
        source = decoding.source
        self.intake = intake
        self.control = control
        self.keeper = keeper
        self.side = side
        self.log = log
        decoder = ChangeDecoder(settings: decoding, catalog: catalog, streams: streams)
        builder = EventBatchBuilder(capacity: settings.batch.bytes + settings.batch.bytes / 4)
        progress = StreamProgress(from: start)
        schedule = StatusSchedule(
            interval: settings.statusInterval, senderTimeout: senderTimeout, flushed: keeper.persisted, now: .now)
        pacing = GatherPacing(isEnabled: settings.gathers)
        self.replayed = replayed == .start ? nil : replayed
        self.proof = proof
    }

    /// Runs until it is stopped or fails. `handedOver` follows what has been handed over, for the next connection.
    mutating func run(handedOver: inout LogSequenceNumber) throws(SourceError) -> Ending {
        try connection.startCopy(
            ReplicationCommand.start(
                slot: settings.slot, publication: settings.publication, from: progress.handedOver,
                serverVersion: connection.serverVersion),
            signal: control.signal, stopping: { [control] in control.isStopping })
        control.update { status in
            status.state = .streaming
            status.lastError = nil
            status.held = nil
        }
        while true {
            defer { handedOver = progress.handedOver }
            let orders = control.takeOrders()
            if let failure = orders.failure { throw failure }
            if orders.wantsReplay { return .replay }
            if orders.isStopping {
                try finish()
                return .stopped
            }
            if isPaused, orders.hasRoom { try resume() }
            if isReading { try takeIn() }
            show()
            let now = ContinuousClock.now
            try report(at: now)
            if isReading, schedule.isDead(at: now) {
                throw SourceError(
                    .timedOut, "no sign of life from \(connection.label) for \(schedule.giveUpAfter): connecting again")
            }
            try waitForMore(now)
        }
    }

    // MARK: Reading

    /// Takes in every message that is here, and hands over what is due.
    private mutating func takeIn() throws(SourceError) {
        while true {
            switch try connection.receive() {
            case .message(let message):
                taken += message.count
                bytes += UInt64(message.count)
                try take(message.bytes)
                if isFull || isHeld {
                    try handOver()
                    if !isReading { return }
                }
            case .wait:
                pacing.drained(bytes: taken)
                taken = 0
                if waitingSince == nil, !builder.isEmpty { waitingSince = .now }
                // At a commit everything goes at once, unless there is a lasting backlog: see also waitForMore. Changes of
                // a transaction that is still coming may wait a little.
                if lingered || !progress.isInTransaction && !pacing.isSustained { try handOver() }
                return
            case .finished:
                try endOfCopy()
                throw SourceError(.connectionLost, "\(connection.label) ended the stream: connecting again")
            }
        }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(SourceError) {
        let frame = try ReplicationFrame(bytes)
        // The server's warnings come in the order of the stream: seen here, before anything after them is believed.
        if connection.notices.hasNotices {
            try PublicationNotices.heed(connection.notices.take(), settings, at: progress.handedOver, log)
        }
        switch frame {
        case .keepalive(let end, let wantsReply):
            progress.kept(alive: end)
            if let awaited = proof.awaited, !progress.isInTransaction, !proof.passed(end) {
                throw StartDecision.notFound(awaited)
            }
            if wantsReply { schedule.asked() }
        case .data(let start, let sentAt):
            let payload = UnsafeRawBufferPointer(rebasing: bytes[ReplicationFrame.dataHeader...])
            let decoded: DecodedMessage
            do throws(DecodingError) {
                decoded = try decoder.decode(payload, walStart: start, sentAt: sentAt, into: &builder)
            } catch {
                if error.code == .held { return hold(error.message) }
                throw SourceError(
                    .malformedMessage,
                    "a change at \(start), after the commit that ends at \(progress.lastCommit), cannot be decoded: \(error);"
                        + " nothing after it is acknowledged")
            }
            switch decoded {
            case .begin:
                progress.began()
                // A contract that came while nothing did is in force for the first row after it.
                decoder.followStreams()
            case .commit(let end):
                progress.committed(end)
                if let awaited = proof.awaited, let mark = decoder.lastCommit, !proof.committed(mark) {
                    throw StartDecision.notFound(awaited)
                }
            case .change, .other: break
            case .relation(let relation):
                try discovery.learn(relation, &decoder.catalog, settings, side, log)
            }
        }
    }

    // MARK: Handing over

    private var isFull: Bool {
        builder.arena.count >= settings.batch.bytes || builder.records.count >= settings.batch.records
    }

    private var lingered: Bool {
        waitingSince.map { ContinuousClock.now - $0 >= settings.batch.linger } ?? false
    }

    /// Hands over what is in the builder, and says what may be forgotten where nothing is pending. Pauses without room.
    mutating func handOver() throws(SourceError) {
        if connection.notices.hasNotices {
            try PublicationNotices.heed(connection.notices.take(), settings, at: progress.handedOver, log)
        }
        if let position = replayed, !builder.isEmpty {
            if builder.leaveOut(through: position) > 0 { decoder.batchSealed() }
            if !builder.isEmpty { replayed = nil }
        }
        if !builder.isEmpty {
            let events = UInt64(builder.records.count)
            let acknowledge = progress.acknowledge
            guard intake.offer(&builder, from: source, acknowledge: acknowledge) else {
                pause(true)
                return
            }
            if acknowledge > 0, let mark = decoder.lastCommit, mark.end.rawValue == acknowledge { keeper.note(mark) }
            decoder.batchSealed()
            decoder.followStreams()
            progress.offered()
            control.update { $0.events += events }
        }
        waitingSince = nil
        if let target = progress.takeAdvance() { intake.advance(source, to: target.rawValue) }
    }

    mutating func resume() throws(SourceError) {
        pause(false)
        try handOver()
        // Nothing was read meanwhile: the silence was ours.
        if !isPaused { schedule.heard(at: .now) }
    }

    /// Nothing was written of the change that was read last, and nothing after it is read: it comes again with the next start.
    private mutating func hold(_ message: String) {
        isHeld = true
        log.error("\(message)", metadata: ["at": "\(progress.handedOver)"])
        control.update { $0.held = message }
    }

    private mutating func pause(_ value: Bool) {
        isPaused = value
        control.update { $0.isPaused = value }
    }

    // MARK: Reporting and waiting

    mutating func report(at now: ContinuousClock.Instant) throws(SourceError) {
        let settled = keeper.persisted
        if schedule.isDue(at: now, settled: settled) {
            let (flush, wantsReply) = schedule.send(at: now, settled: settled)
            var message = ByteArena(capacity: 64)
            ReplicationCommand.appendStatus(
                written: max(flush, progress.handedOver), flushed: flush, now: Timestamp.now(), wantsReply: wantsReply,
                to: &message)
            try connection.send(message)
            hasUnsent = true
            control.update { $0.acknowledged = flush }
        }
        if hasUnsent { hasUnsent = try connection.flush() }
    }

    private mutating func waitForMore(_ now: ContinuousClock.Instant) throws(SourceError) {
        if isReading {
            resting: while true {
                switch pacing.next(readable: connection.readableBytes) {
                case .wait:
                    if !progress.isInTransaction { try handOver() }
                    break resting
                case .read:
                    try readSocket(at: now)
                    return
                case .rest(let microseconds): usleep(UInt32(microseconds))
                }
            }
        }
        var deadline = schedule.next(settled: keeper.persisted)
        if isReading, let waitingSince { deadline = min(deadline, waitingSince + settings.batch.linger) }
        let waitStart = ContinuousClock.now
        // A lost signal of room would stop everything: looked at again each second.
        let outcome = Wait.until(
            deadline, socket: connection.socket, reading: isReading, writing: hasUnsent, signal: control.signal)
        if outcome.contains(.readable) {
            let now = ContinuousClock.now
            pacing.waited(now - waitStart)
            try readSocket(at: now)
        }
        if isPaused, !outcome.contains(.woken) { control.roomMayBe() }
    }

    private mutating func readSocket(at now: ContinuousClock.Instant) throws(SourceError) {
        try connection.readSocket()
        schedule.heard(at: now)
    }

    private mutating func show() {
        let (progress, bytes) = (progress, bytes)
        control.update { status in
            status.received = progress.handedOver
            status.serverEnd = max(status.serverEnd, progress.serverEnd)
            status.transactions += progress.transactions - shownTransactions
            if status.receivedBytes != bytes {
                status.receivedBytes = bytes
                status.lastMessageAt = Timestamp.now()
            }
        }
        shownTransactions = progress.transactions
    }
}
