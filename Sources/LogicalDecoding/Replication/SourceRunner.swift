import CLinux
import CoreIngest
import Logging

/// The life of one source, on its own thread: connect, prepare, snapshot, stream; again after each failure that passes.
struct SourceRunner: ~Copyable {
    let settings: PostgresSourceSettings
    let intake: any Intake
    let control: SourceControl
    let keeper: CheckpointKeeper
    let streams: StreamCache
    let log: Logger
    let connections: Connections
    let identity: IdentityBox
    private var backoff = ReconnectBackoff()
    /// Of this run: everything up to here was handed over, so a new connection starts there.
    var handedOver: LogSequenceNumber = .none
    /// This run has found its slot: `snapshot: always` has been heeded, and the checkpoint was read.
    private var hasStarted = false
    /// This run has handed all rows of the snapshot over, though they may not be settled yet.
    private var hasCopied = false

    init(
        settings: PostgresSourceSettings, connections: Connections, intake: any Intake, control: SourceControl,
        keeper: CheckpointKeeper, streams: StreamCache, identity: IdentityBox, log: Logger
    ) {
        self.settings = settings
        self.connections = connections
        self.intake = intake
        self.control = control
        self.keeper = keeper
        self.streams = streams
        self.identity = identity
        self.log = log
    }

    /// How the three kinds of connection are made.
    struct Connections: Sendable {
        let replication: ConnectionOptions
        let snapshot: ConnectionOptions
        let side: ConnectionOptions

        init(_ settings: PostgresSourceSettings) throws(SourceError) {
            replication = try settings.connection(.replication)
            snapshot = try settings.connection(.snapshot)
            side = try settings.connection(.side)
        }
    }

    /// Returns when it was stopped; throws what only a person can mend.
    mutating func run() throws(SourceError) {
        _ = shim_timer_slack(1000)
        let monitor = try SlotMonitor(settings: settings, side: connections.side, control: control, log: log)
        try keeper.start()
        defer {
            monitor.stop()
            keeper.stop(by: .now + .seconds(2))
        }
        var isMonitoring = false
        while true {
            do throws(SourceError) {
                let ending = try session { [control] () throws(SourceError) in
                    guard !isMonitoring else { return }
                    try monitor.start()
                    isMonitoring = true
                    _ = control
                }
                if case .stopped = ending { return }
                log.warning("a sink lost its place: reading again from the acknowledged position")
                handedOver = .none
                hasCopied = false
            } catch {
                if error.code == .stopped || control.isStopping,
                    SourceErrorPolicy.reaction(to: error) == .retry
                        || error.code == .stopped
                {
                    return
                }
                switch SourceErrorPolicy.reaction(to: error) {
                case .hold: return try hold(error)
                case .retry:
                    control.update { $0.lastError = error }
                    try rest(after: error)
                case .stop:
                    control.update { $0.lastError = error }
                    throw error
                }
            }
        }
    }

    /// Waits to be stopped, without a connection, so that no snapshot holds the server's cleaning up: the next start begins it anew.
    private func hold(_ error: SourceError) throws(SourceError) {
        log.error("\(error.message)")
        control.update { $0.held = error.message }
        while !control.isStopping {
            if let failure = control.takeOrders().failure { throw failure }
            _ = Wait.until(nil, socket: -1, reading: false, signal: control.signal)
        }
    }

    /// Waits before the next attempt; a stop ends the wait.
    private mutating func rest(after error: SourceError) throws(SourceError) {
        // Having streamed, it begins anew with short pauses.
        if control.status.state == .streaming { backoff.reset() }
        let pause = backoff.next()
        log.warning(
            "\(error.message)", metadata: ["code": "\(error.code.rawValue)", "retry_in": "\(pause)"])
        control.update { status in
            status.state = .retrying
            status.reconnects += 1
            status.isPaused = false
            status.held = nil
        }
        let deadline = ContinuousClock.now + pause
        while ContinuousClock.now < deadline, !control.isStopping {
            _ = Wait.until(deadline, socket: -1, reading: false, signal: control.signal)
        }
    }

    // MARK: One connection

    private mutating func session(
        prepared: () throws(SourceError) -> Void
    ) throws(SourceError) -> ReplicationStream.Ending {
        control.update { $0.state = .connecting }
        if control.isStopping { return .stopped }
        let sideConnection = try PostgresConnection(connections.side)
        let connection = try PostgresConnection(connections.replication)
        if connection.serverVersion >= 140_000 { try connection.query("SET idle_session_timeout = 0") }
        guard sideConnection.serverVersion >= 140_000 else {
            throw SourceError(
                .serverUnsuitable,
                "\(connection.label) is Postgres \(sideConnection.serverVersion / 10_000): 14 or later is needed")
        }
        let system = try SystemIdentity(asking: connection)
        let decision = try decide(system, on: sideConnection)
        try publish(decision, on: sideConnection)
        // Before the snapshot: a table that comes later is new to the stream, and told.
        let catalog = try CatalogLoader.load(publication: settings.publication, on: sideConnection)
        let timeout = try senderTimeout(connection)
        let start: LogSequenceNumber
        var reread: LogSequenceNumber?
        var proof = HistoryProof(nil)
        var begun: Position?
        switch decision {
        case .resume(let from, let adopts, let rereads):
            if adopts { try adopt(from, system: system) } else { try follow(system) }
            start = max(from, handedOver)
            if let rereads {
                proof = HistoryProof(keeper.current?.witness)
                reread = rereads
            }
        case .create(let dropsFirst, let wantsSnapshot):
            if dropsFirst {
                log.notice("dropping slot \(settings.slot) to begin anew")
                try SlotManager.drop(settings.slot, on: sideConnection)
            }
            // A new slot: positions of before say nothing of what comes now.
            let generation = UInt64.random(in: 1...UInt64.max)
            try remember(.none, system: system, generation: generation, snapshot: .running)
            let created = try SlotManager.create(
                settings.slot, exportsSnapshot: wantsSnapshot, timeout: settings.slotCreationTimeout, on: connection,
                side: sideConnection, control: control)
            log.notice(
                "created slot \(settings.slot)", metadata: ["consistent_point": "\(created.consistentPoint)"])
            start = created.consistentPoint
            handedOver = .none
            hasCopied = false
            hasStarted = true
            if wantsSnapshot, let name = created.snapshotName {
                let reader = try PostgresConnection(connections.snapshot)
                try SnapshotReader.enter(name, on: reader)
                try remember(start, system: system, generation: generation, snapshot: .running)
                let source = try history().source
                begun = intake.begin(source, continues: nil)
                try prepared()
                try copy(at: start, source: source, database: system.database, on: reader)
                hasCopied = true
            } else {
                try remember(start, system: system, generation: generation, snapshot: .none)
            }
        }
        hasStarted = true
        try prepared()
        let (source, predecessor) = try history()
        var replayed = begun ?? intake.begin(source, continues: predecessor)
        // What is read again for the sake of the proof was handed over before.
        if reread != nil, start > .none {
            replayed = max(replayed, Position(commit: start.rawValue - 1, ordinal: .max))
        }
        var stream = ReplicationStream(
            connection: connection, settings: settings,
            decoding: DecoderSettings(source: source, continues: predecessor, database: system.database),
            intake: intake,
            control: control, keeper: keeper, side: connections.side, catalog: catalog, streams: streams,
            start: reread.map { min($0, start) } ?? start, proof: proof, senderTimeout: timeout, replayed: replayed,
            log: log)
        return try stream.run(handedOver: &handedOver)
    }

    /// Within one run the slot that it started with is read on, whatever `snapshot` says.
    private func decide(
        _ system: SystemIdentity, on side: borrowing PostgresConnection
    ) throws(SourceError) -> StartDecision {
        var effective = settings
        if hasStarted, settings.snapshot == .always { effective.snapshot = .initial }
        let slot = try SlotManager.look(settings.slot, on: side)
        control.update { $0.slot = slot }
        var checkpoint = hasStarted ? keeper.current : try keeper.load()
        // Rows on their way to the sinks need not be read again, as long as this process lives.
        if hasCopied, checkpoint?.snapshot == .running, checkpoint?.timeline == system.timeline {
            checkpoint?.snapshot = .done
        }
        return try StartDecision.decide(checkpoint: checkpoint, slot: slot, system: system, settings: effective)
    }

    /// Publication before slot: what was written before the publication existed cannot be decoded.
    private func publish(_ decision: StartDecision, on side: borrowing PostgresConnection) throws(SourceError) {
        var mayCreate = false
        if case .create = decision { mayCreate = true }
        switch try PublicationManager.ensure(settings, mayCreate: mayCreate, on: side) {
        case .created(let tables):
            log.notice("created publication \(settings.publication)", metadata: ["tables": "\(tables.count)"])
        case .changed(let added, let dropped):
            let rows = "rows that these tables held before are not sent; \(TableDiscovery.remedyForRows)"
            log.warning(
                "changed publication \(settings.publication)\(added.isEmpty ? "" : ": " + rows)",
                metadata: ["added": "\(added)", "dropped": "\(dropped)"])
        case .differs(let missing, let extra):
            log.warning(
                "publication \(settings.publication) is not ours and differs from the patterns: change it, or the patterns",
                metadata: ["missing": "\(missing)", "extra": "\(extra)"])
        case .unchanged: break
        }
    }

    private func copy(
        at point: LogSequenceNumber, source: SourceIdentity, database: String,
        on connection: borrowing PostgresConnection
    ) throws(SourceError) {
        control.update { $0.state = .snapshot }
        let plan = try SnapshotPlan(publication: settings.publication, on: connection)
        let catalog = try CatalogLoader.load(publication: settings.publication, on: connection)
        var reader = SnapshotReader(
            settings: settings, decoding: DecoderSettings(source: source, database: database), intake: intake,
            control: control, streams: streams, log: log)
        try reader.read(plan, catalog: catalog, at: point, on: connection)
    }

    private func senderTimeout(_ connection: borrowing PostgresConnection) throws(SourceError) -> Duration {
        let rows = try connection.query(
            "SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'")
        let milliseconds = rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 60_000
        return .milliseconds(milliseconds)
    }
}
