import CoreIngest

/// One channel to one table, for the events of one source: takes rows in the order of their positions, each once.
///
/// Whether rows are in the table is known only by the channel's status. After anything unclear the channel is of no use any more:
/// another one is opened, and begins behind what Snowflake says is committed.
final class StreamingChannel {
    let name: String
    let table: String
    private let service: SnowpipeStreaming
    private let place: String
    private var continuation: String
    /// Nothing was ever committed by it.
    let isNew: Bool
    /// Nothing more can be appended: the outcome of the last request is not known, or Snowflake says so.
    private(set) var isBroken = false
    /// Of the last event that is in the table.
    private(set) var committed: Position
    /// Of the last event that was appended.
    private(set) var appended: Position
    /// Errors that are accounted for.
    private var errors: UInt64
    /// Everything up to here is in the table, or is a dead letter.
    private(set) var verified: Position
    /// Events were left out, and may not be dead letters yet.
    private var hasHoles = false
    /// Up to where rows may be missing, and have to be looked for.
    private(set) var doubtful: Position?
    /// Up to where somebody was told that everything is in the table.
    private var told: Position = .start
    /// What Snowflake says of the last row that it skipped, without its values.
    private(set) var lastErrorKind = ""

    /// How long rows that an earlier session appended are waited for before they are given up and sent again.
    private static let patience = Duration.seconds(20)

    /// Opens the channel.
    init(_ name: String, of table: String, _ service: SnowpipeStreaming, place: String) throws(SnowflakeFailure) {
        self.name = name
        self.table = table
        self.service = service
        self.place = place
        let (continuation, status) = try Self.open(name, of: table, service)
        self.continuation = continuation
        errors = status.errors
        lastErrorKind = status.lastErrorKind
        isNew = status.committed == nil
        guard let text = status.committed else {
            committed = .start
            appended = .start
            verified = .start
            return
        }
        guard let token = OffsetToken(text) else {
            throw SnowflakeFailure(
                .misconfigured,
                "the channel \(name) of \(table) was used by another program: drop it, or give the sink another name",
                isFinal: true)
        }
        committed = token.position
        appended = token.position
        let isWhole = status.errors <= token.errors && !token.hasHoles
        verified = isWhole ? token.position : token.verified
        doubtful = isWhole ? nil : token.position
    }

    private static func open(_ name: String, of table: String, _ service: SnowpipeStreaming) throws(SnowflakeFailure)
        -> (
            String, ChannelStatus
        )
    {
        let deadline = ContinuousClock.now + patience
        var rest = Duration.milliseconds(50)
        while true {
            do throws(SnowflakeFailure) {
                return try service.open(name, of: table, discarding: ContinuousClock.now >= deadline)
            } catch {
                guard error.code == "ERR_CHANNEL_HAS_UNCOMMITTED_DATA", ContinuousClock.now < deadline else {
                    throw error
                }
                SnowflakeAccount.pause(rest)
                rest = min(rest * 2, .seconds(1))
            }
        }
    }

    /// Begins a new channel behind what the table has by another one.
    func begin(behind position: Position) {
        committed = position
        appended = position
        verified = position
        told = position
    }

    /// Whether an event has to be appended. Those up to ``doubtful`` have to be looked for instead.
    func needs(_ position: Position) -> Bool { position > appended }

    /// Whether an event that was appended may be missing.
    func doubts(_ position: Position) -> Bool {
        guard let doubtful else { return false }
        return position <= doubtful && position <= appended && position > verified
    }

    /// The missing ones of the doubtful events up to here were looked for.
    func clearedDoubts(through position: Position) {
        verified = max(verified, position)
        if let doubtful, position >= doubtful { self.doubtful = nil }
    }

    /// More is in the table than was told.
    var hasNews: Bool { verified > told }
    func newsAreTold() { told = verified }

    /// An event is refused: until ``holesAreKnown()`` a session that follows looks for what is missing.
    func leavesHole() { hasHoles = true }

    /// What was refused so far is in the lane's dead letters.
    func holesAreKnown() { hasHoles = false }

    /// Appends rows; `last`: the position of the last of them.
    func append(_ rows: UnsafeRawBufferPointer, last: Position) throws(SnowflakeFailure) {
        let token = OffsetToken(
            position: last, errors: errors, verified: verified, hasHoles: hasHoles || doubtful != nil)
        do throws(SnowflakeFailure) {
            continuation = try service.append(
                rows, to: name, of: table, continuation: continuation, offset: token.text)
            appended = last
        } catch {
            switch error.kind {
            // Refused before anything was done.
            case .throttled, .unauthorized, .tooLarge: break
            case .unavailable, .misconfigured, .absent, .channel, .data, .other: isBroken = true
            }
            throw error
        }
    }

    /// Returns when everything that was appended is in the table, at the latest after `limit`.
    func settle(within limit: Duration) throws(SnowflakeFailure) {
        guard committed < appended else { return }
        let deadline = ContinuousClock.now + limit
        var rest = Duration.milliseconds(20)
        while true {
            guard let status = try service.status(of: [name], of: table)[name] else {
                isBroken = true
                throw SnowflakeFailure(.channel, "Snowflake does not know the channel \(name) of \(table) any more")
            }
            guard status.isGood else {
                isBroken = true
                throw SnowflakeFailure(
                    .channel, "the channel \(name) of \(table) ended with \(status.code): it is opened again")
            }
            if let position = status.committed.flatMap({ OffsetToken($0) })?.position {
                committed = max(committed, position)
            }
            if status.errors > errors {
                isBroken = true
                throw SnowflakeFailure(
                    .data,
                    "Snowflake skipped \(status.errors - errors) rows for \(table)\(status.lastErrorKind.isEmpty ? "" : " (\(status.lastErrorKind))"): the missing ones are looked for"
                )
            }
            if committed >= appended {
                verified = committed
                return
            }
            guard ContinuousClock.now < deadline else {
                // It may still be committed; opened anew, the channel tells.
                isBroken = true
                throw SnowflakeFailure(
                    .unavailable, "Snowflake has not committed rows for \(table) within \(limit.components.seconds) s")
            }
            SnowflakeAccount.pause(rest)
            rest = min(rest * 2, .milliseconds(500))
        }
    }
}
