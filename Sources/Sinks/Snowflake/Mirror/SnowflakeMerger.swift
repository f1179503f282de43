import CoreIngest
import Synchronization

/// Merges staged changes into mirrors: on a thread of its own when it is time, and at once when it is asked to.
///
/// All that it needs is in the staging table, so a merge that was cut off by a crash is done again by the next session. One merge at a
/// time; any thread.
final class SnowflakeMerger: Sendable {
    private struct State {
        /// By source: up to where its changes are in the staging table, none missing.
        var ready: [String: Position] = [:]
        /// Bytes that were staged and not merged.
        var bytes = 0
        var lastBegan: ContinuousClock.Instant?
        var failure: SnowflakeFailure?
        /// Failures in a row.
        var attempts = 0
        var isStopped = false
    }

    private let account: SnowflakeAccount
    private let session: StatementSettings
    private let staging: SnowflakeStaging
    private let bounds: SnowflakeMergeBounds
    private let usage: SnowflakeUsage
    private let state = Mutex(State())
    /// Held while a merge runs.
    private let running = Mutex(())
    private let executor: ThreadExecutor

    init(
        _ account: SnowflakeAccount, _ session: StatementSettings, _ staging: SnowflakeStaging,
        _ bounds: SnowflakeMergeBounds,
        _ usage: SnowflakeUsage, name: String
    ) {
        self.account = account
        self.session = session
        self.staging = staging
        self.bounds = bounds
        self.usage = usage
        executor = ThreadExecutor(name: "merge \(name)")
    }

    /// Begins to merge when it is time. ``stop()`` ends it.
    func start() {
        executor.start()
        Task(executorPreference: executor) { [self] in
            while !state.withLock({ $0.isStopped }) {
                if isDue { _ = run() }
                // Cheap looks; the bounds are what spaces merges.
                try? await Task.sleep(for: .milliseconds(200))
            }
            executor.stop()
        }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    /// Changes are in the staging table up to a position, `bytes` more than before.
    func staged(_ source: String, upTo position: Position, bytes: Int) {
        state.withLock { state in
            state.ready[source] = max(state.ready[source] ?? .start, position)
            state.bytes += bytes
        }
    }

    /// Why the last merge failed; nil when it did not.
    var failure: SnowflakeFailure? { state.withLock { $0.failure } }

    var hasWork: Bool { state.withLock { !$0.ready.isEmpty } }

    private var isDue: Bool {
        state.withLock { state in
            guard !state.ready.isEmpty else { return false }
            guard let last = state.lastBegan else { return true }
            let passed = ContinuousClock.now - last
            if state.failure != nil {
                return passed >= min(bounds.interval, .seconds(1 << min(state.attempts, 6)))
            }
            return passed >= bounds.interval || state.bytes >= bounds.maxBytes
        }
    }

    /// Merges all that is ready. Nil when that worked.
    func run() -> SnowflakeFailure? {
        running.withLock { _ in
            let (ready, bytes) = state.withLock { state in
                state.lastBegan = .now
                return (state.ready, state.bytes)
            }
            guard !ready.isEmpty else { return nil }
            do throws(SnowflakeFailure) {
                let statements = SnowflakeStatements(account, session, usage: usage)
                for (source, position) in ready { try merge(source, upTo: position, statements) }
                usage.merged()
                state.withLock { state in
                    for (source, position) in ready where state.ready[source] == position { state.ready[source] = nil }
                    state.bytes = max(0, state.bytes - bytes)
                    state.failure = nil
                    state.attempts = 0
                }
                return nil
            } catch {
                state.withLock { state in
                    state.failure = error
                    state.attempts += 1
                }
                return error
            }
        }
    }

    private func merge(
        _ source: String, upTo position: Position, _ statements: SnowflakeStatements
    ) throws(SnowflakeFailure) {
        let end = SnowflakeStaging.end(of: position)
        let whose = "SOURCE = \(snowflakeLiteral(source)) AND SEQ <= \(snowflakeLiteral(end))"
        let groups = try statements.run(
            """
            SELECT TARGET, KEY_COLUMNS, MIN(SEQ), COUNT(*) FROM \(staging.changes.sql) WHERE \(whose)
            GROUP BY TARGET, KEY_COLUMNS ORDER BY MIN(SEQ)
            """, usesWarehouse: true
        ).rows
        for (index, group) in groups.enumerated() {
            guard group.count == 4, let target = group[0], let keyText = group[1], group[2] != nil else { continue }
            // The source's key may have become another one: what came before is merged by the old one.
            let next = groups[(index + 1)...].first { $0[0] == target }.flatMap { $0[2] }
            try merge(
                source, SnowflakeTable(schema: staging.changes.schema, name: target), key: Self.names(keyText),
                upTo: next.map(SnowflakeStaging.before) ?? end, statements)
        }
        if !groups.isEmpty {
            try statements.run("DELETE FROM \(staging.changes.sql) WHERE \(whose)", usesWarehouse: true)
        }
    }

    private func merge(
        _ source: String, _ target: SnowflakeTable, key: [String], upTo end: String, _ statements: SnowflakeStatements
    ) throws(SnowflakeFailure) {
        guard let columns = try SnowflakeCatalog.columns(of: target, statements) else {
            throw SnowflakeFailure(
                .misconfigured,
                "the mirror \(target) was dropped while changes for it wait in \(staging.changes): make it again, or delete them"
            )
        }
        if let missing = key.first(where: { name in !columns.contains { $0.name == name } }) {
            throw SnowflakeFailure(
                .misconfigured,
                "the mirror \(target) has no column \(missing) any more, which is in its key: drop it, then take a fresh snapshot"
            )
        }
        let texts = MergeStatements(staging: staging, source: source, target: target, columns: columns, key: key)
        try statements.run(texts.begin, usesWarehouse: true)
        while true {
            var mark = try statements.run(texts.marks(upTo: end), usesWarehouse: true).rows.first ?? [nil, nil]
            let move = mark[1]
            if let move {
                mark =
                    try statements.run(texts.marks(upTo: SnowflakeStaging.before(move)), usesWarehouse: true).rows.first
                    ?? [nil, nil]
            }
            try transact(texts.merge(upTo: move.map(SnowflakeStaging.before) ?? end, truncation: mark[0]), statements)
            guard let move else { return }
            try transact(texts.move(at: move), statements)
        }
    }

    private func transact(_ texts: [String], _ statements: SnowflakeStatements) throws(SnowflakeFailure) {
        try statements.run(texts.joined(separator: ";\n"), count: texts.count, usesWarehouse: true)
    }

    private static func names(_ json: String) -> [String] {
        guard let document = try? JSONDocument(json) else { return [] }
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        return view.elements(0).compactMap { view.string($0) }
    }
}
