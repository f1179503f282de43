import CoreIngest

/// What a sink does beside its writes: it deletes positions and changes that later ones replaced, and looks whether another instance
/// writes as the same sink. Each statement stands by itself; what fails is done another time.
struct MaterializeUpkeep {
    private let settings: MaterializeSinkSettings
    private let positions: MaterializePositions
    private var writesSinceTrim = 0
    private var lastLook = ContinuousClock.now
    /// Rows that a mirror was given since it was compacted.
    private var rows: [MaterializeName: Int] = [:]
    /// Up to which row each mirror was compacted, in this session's life.
    private var compacted: [MaterializeName: UInt64] = [:]

    /// Why something could not be deleted, where that does not pass by itself. To be told once.
    private(set) var failure: PostgresFailure?

    private static let writesBetweenTrims = 200

    static let rivalry =
        "another instance writes as this sink, of which one event may be stored twice: stop one of the two, or give it another name; this one goes on from where the other is"

    init(_ settings: MaterializeSinkSettings, _ positions: MaterializePositions) {
        self.settings = settings
        self.positions = positions
    }

    /// A session begins, which has just asked how far the sink is.
    mutating func begin() { lastLook = .now }

    /// Whether somebody else wrote as this sink since. Asked from time to time only, as a question costs as much as a write.
    mutating func hasRival(_ progress: MaterializeProgress, _ session: MaterializeSession) throws(PostgresFailure)
        -> Bool
    {
        guard !settings.isReplay, lastLook.duration(to: .now) > settings.rivalInterval else { return false }
        lastLook = .now
        return try positions.lastWrite(session) > progress.write
    }

    mutating func note(_ changed: [MaterializeName: Int]) {
        writesSinceTrim += 1
        rows.merge(changed) { $0 + $1 }
    }

    mutating func run(
        _ progress: MaterializeProgress, _ catalog: MaterializeMirrorCatalog, _ session: MaterializeSession
    ) {
        if writesSinceTrim >= Self.writesBetweenTrims {
            writesSinceTrim = 0
            let positions = positions
            let isTrimmed = attempt("positions that later ones replaced") { () throws(PostgresFailure) in
                try positions.trim(progress, session)
            }
            guard isTrimmed else { return }
        }
        for (mirror, count) in rows where count >= settings.compactAfter {
            rows[mirror] = 0
            guard let changes = catalog.changes(of: mirror) else { continue }
            // Every number of a committed write, and of no later one.
            let last = (progress.write + 1) * MaterializeProgress.rowsOfWrite - 1
            let statements = changes.compaction(after: compacted[mirror] ?? 0, upTo: last)
            let isCompacted = attempt("changes of \(mirror) that later ones replaced") { () throws(PostgresFailure) in
                for statement in statements { try session.run(statement) }
            }
            guard isCompacted else { return }
            compacted[mirror] = last
        }
    }

    /// What is to be told of a deletion that failed; it is tried again later.
    mutating func takeFailure() -> PostgresFailure? {
        defer { failure = nil }
        return failure
    }

    private mutating func attempt(_ what: String, _ work: () throws(PostgresFailure) -> Void) -> Bool {
        do throws(PostgresFailure) {
            try work()
            return true
        } catch {
            if error.kind != .connectionLost {
                failure = error
                failure?.message = "\(what) could not be deleted, so their table grows: \(error.message)"
            }
            return false
        }
    }
}
