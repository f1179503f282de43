import CoreIngest
import Logging
import Synchronization

/// Looks at slot and publication from a side connection, on a thread of its own: what the slot costs the server, and whether the
/// publication is still there, which the stream itself may not tell.
final class SlotMonitor: Sendable {
    static let slotInterval: Duration = .seconds(10)
    static let publicationInterval: Duration = .seconds(60)

    private let settings: PostgresSourceSettings
    private let side: ConnectionOptions
    private let control: SourceControl
    private let log: Logger
    private let signal: WakeSignal
    private let isStopping = Atomic<Bool>(false)

    init(
        settings: PostgresSourceSettings, side: ConnectionOptions, control: SourceControl, log: Logger
    ) throws(SourceError) {
        self.settings = settings
        self.side = side
        self.control = control
        self.log = log
        signal = try WakeSignal()
    }

    func start() throws(SourceError) {
        try OwnThread.start(name: "pg-monitor") { [self] in run() }
    }

    /// Ends the thread soon; does not wait for it.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        signal.fire()
    }

    private func run() {
        while !isStopping.load(ordering: .acquiring) {
            do {
                try watch()
            } catch {
                // The stream finds out for itself when the server is gone; here it only means knowing less for a while.
                log.debug("cannot look at the slot: \(error)")
            }
            pause(Self.slotInterval)
        }
    }

    private func watch() throws(SourceError) {
        let connection = try PostgresConnection(side)
        var nextPublication = ContinuousClock.now
        while !isStopping.load(ordering: .acquiring) {
            if ContinuousClock.now >= nextPublication {
                nextPublication = .now + Self.publicationInterval
                if try PublicationInfo.look(settings.publication, on: connection) == nil {
                    control.fail(PublicationManager.missing(settings))
                    return
                }
            }
            let slot = try SlotManager.look(settings.slot, on: connection)
            let end = try Self.logEnd(connection)
            control.update { status in
                status.slot = slot
                status.serverEnd = max(status.serverEnd, end)
            }
            pause(Self.slotInterval)
        }
    }

    private func pause(_ duration: Duration) {
        guard !isStopping.load(ordering: .acquiring) else { return }
        _ = Wait.until(.now + duration, socket: -1, reading: false, signal: signal)
    }

    /// How far the server's log reaches.
    static func logEnd(_ connection: borrowing PostgresConnection) throws(SourceError) -> LogSequenceNumber {
        let rows = try connection.query(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END")
        return rows.first?.first.flatMap { $0 }.flatMap { LogSequenceNumber(parsing: $0) } ?? .none
    }
}
