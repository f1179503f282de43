import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Compiled schemas of a registry, kept in memory. Any thread.
///
/// The registry is asked on threads of the cache's own, once for each name at a time. Whoever needs an answer waits for it, at
/// most ``Settings/patience``, and not at all while the registry is known to be down or slow, so that a registry in trouble holds up
/// nobody. What was found is served on without waiting while it is asked for again. Answers are kept for a time: found schemas for
/// ``Settings/timeToLive``, the lack of one for ``Settings/negativeTimeToLive``. Memory is bounded in bytes: what is missing goes
/// first, then what was used longest ago. With a ``SchemaStore`` what was found is on disk too, for a start without the registry.
package final class SchemaCache: Sendable {
    package struct Settings: Sendable {
        package var mostBytes = 100 << 20
        /// Microseconds, as all times here.
        package var timeToLive: Int64 = 300_000_000
        package var negativeTimeToLive: Int64 = 10_000_000
        /// After a failure nothing is asked for so long.
        package var retryPause: Int64 = 1_000_000
        /// How long the trouble of a registry is waited out by those who cannot go on without it.
        package var grace: Duration = .seconds(3)
        /// How long a caller waits for an answer.
        package var patience: Duration = .seconds(2)
        /// Schemas that turned out to be missing, in one second; names beyond are refused without being asked for.
        package var mostMissesPerSecond = 200
        /// How long callers may have waited for schemas that turned out to be missing, less a quarter of the time since, before names
        /// that are not known are asked for without waiting.
        package var mostWaste: Int64 = 250_000
        /// Questions that wait for a thread; those for names that events give are fewer by half.
        package var mostWaiting = 256
        /// Threads that ask.
        package var threads = 4
        package var options = SchemaOptions()
        package init() {}
    }

    package enum Answer: Sendable {
        case found(PayloadValidator)
        /// The registry answers that it has no such schema.
        case missing
        /// The registry has it, and it cannot be used; or the name was not asked for, as too many unknown ones were.
        case refused(SchemaError)
        /// The registry does not answer, and nothing is known from before.
        case unavailable(SchemaError)
    }

    /// What is asked for.
    enum Key: Hashable, Sendable {
        case schema(SchemaName)
        case versions(vendor: String, name: String)
        case contract(vendor: String, name: String)
    }

    /// What is known of a key.
    enum Content: Sendable {
        case schema(Answer)
        case versions([SchemaVersion])
        /// Nil: a team put none there.
        case contract(Contract?)
        /// The versions, or the contract, could not be had.
        case failed(SchemaError)
    }

    struct Entry {
        var content: Content
        var expires: Int64
        /// Served past its time, since the registry does not answer. Microseconds of the clock; nil while fresh.
        var staleSince: Int64?
        var cost: Int
        var lastUse: UInt64
        var references: SchemaReferences
    }

    struct State {
        var entries: [Key: Entry] = [:]
        var flights: [Key: SchemaFlight] = [:]
        var waiting: [SchemaFlight] = []
        var threads = 0
        var statistics = Statistics()
        var health = RegistryHealth()
        var uses: UInt64 = 0
    }

    package let registry: any SchemaRegistry
    let settings: Settings
    let store: SchemaStore?
    let now: @Sendable () -> Int64
    let state = Mutex(State())
    /// What an entry costs besides its program.
    static let entryCost = 512

    /// `now`: microseconds of a clock that does not jump. `store`: what was found before, on disk.
    package init(
        _ registry: any SchemaRegistry, settings: Settings = Settings(), store: SchemaStore? = nil,
        now: @escaping @Sendable () -> Int64
    ) {
        self.registry = registry
        self.settings = settings
        self.store = store
        self.now = now
    }

    // MARK: Asking

    /// The validator of a schema. Waits for the registry where nothing is known, within the bounds above.
    package func validator(for name: SchemaName) -> Answer {
        switch content(.schema(name)) {
        case .schema(let answer): answer
        case .versions, .contract: .missing
        case .failed(let error): .unavailable(error)
        }
    }

    /// The validator of a schema that is in memory; nil where it would have to be asked for. Never waits.
    package func known(_ name: SchemaName) -> PayloadValidator? {
        state.withLock { state in
            guard case .schema(.found(let validator))? = state.entries[.schema(name)]?.content else { return nil }
            return validator
        }
    }

    /// The latest version that the registry has of a schema; nil for none. Throws when the registry does not answer and nothing
    /// is known from before.
    package func latest(vendor: String, name: String) throws(SchemaError) -> SchemaName? {
        switch content(.versions(vendor: vendor, name: name)) {
        case .versions(let versions):
            versions.max().flatMap { SchemaName(vendor: vendor, name: name, version: $0) }
        case .schema, .contract: nil
        case .failed(let error): throw error
        }
    }

    /// The text of a schema, as the registry has it; nil when it has none. Waits as ``validator(for:)`` does.
    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        switch validator(for: name) {
        case .found(let validator): validator.text
        case .missing: nil
        case .refused(let error), .unavailable(let error): throw error
        }
    }

    /// `afresh`: asks the registry, though something is known.
    func content(_ key: Key, afresh: Bool = false) -> Content {
        let time = now()
        let step = state.withLock { state in
            afresh ? ask(key, at: time, &state) : lookUp(key, at: time, &state)
        }
        switch step {
        case .answer(let content): return content
        case .fromStore:
            if let kept = restore(key, at: time) { return kept }
            switch state.withLock({ state in ask(key, at: time, &state) }) {
            case .answer(let content): return content
            case .wait(let flight, let patience): return wait(for: flight, patience)
            case .fromStore: return .failed(SchemaError(.unavailable, "nothing is known of it"))
            }
        case .wait(let flight, let patience): return wait(for: flight, patience)
        }
    }

    enum Step {
        case answer(Content)
        /// Nothing is in memory: the disk may know.
        case fromStore
        case wait(SchemaFlight, Duration)
    }

    private func lookUp(_ key: Key, at time: Int64, _ state: inout State) -> Step {
        state.uses += 1
        guard let entry = state.entries[key] else {
            return store != nil && key.isSchema ? .fromStore : ask(key, at: time, &state)
        }
        state.entries[key]?.lastUse = state.uses
        if entry.expires > time {
            state.statistics.count(hit: entry)
            return .answer(entry.content)
        }
        // A version of a schema does not change, so an old answer is as good while a new one is on its way. A list does.
        if case .schema(.found) = entry.content {
            state.statistics.count(hit: entry)
            if state.health.mayAsk(at: time) { _ = fly(key, &state) }
            return .answer(entry.content)
        }
        return ask(key, at: time, &state)
    }

    /// Nothing usable is known: asks, unless the registry is down.
    private func ask(_ key: Key, at time: Int64, _ state: inout State) -> Step {
        let known = state.entries[key].flatMap { $0.content.isUseful ? $0.content : nil }
        if !state.health.mayAsk(at: time), state.flights[key] == nil {
            if let known {
                state.statistics.stale += 1
                return .answer(known)
            }
            return .answer(key.unavailable(state.health.refusal(at: time)))
        }
        if key.isSchema, state.flights[key] == nil,
            state.health.missesAreMany(at: time, most: settings.mostMissesPerSecond)
        {
            state.statistics.throttled += 1
            return .answer(
                .schema(
                    .refused(
                        SchemaError(
                            .unavailable,
                            "it is not known, and was not asked for, as more than \(settings.mostMissesPerSecond) unknown schemas a second were named"
                        ))))
        }
        guard let flight = fly(key, &state) else {
            state.statistics.throttled += 1
            return .answer(
                known ?? key.unavailable(SchemaError(.unavailable, "too many schemas are being asked for at once")))
        }
        if state.health.isSlow { return .wait(flight, .zero) }
        if key.isSchema, state.health.waste(at: time) > settings.mostWaste {
            state.statistics.throttled += 1
            return .answer(
                known
                    ?? key.unavailable(
                        SchemaError(
                            .unavailable,
                            "it is not known yet, and was not waited for, as too many unknown schemas were named")))
        }
        return .wait(flight, settings.patience)
    }

    private func wait(for flight: SchemaFlight, _ patience: Duration) -> Content {
        let start = now()
        if let content = flight.wait(atMost: patience) {
            if flight.key.isSchema, !content.isUseful {
                let time = now()
                state.withLock { $0.health.wasted(time - start, at: time) }
            }
            return content
        }
        let time = now()
        return state.withLock { state in
            state.health.wasted(time - start, at: time)
            state.health.waitedInVain(registry.description, settings.patience, at: time)
            if let known = state.entries[flight.key], known.content.isUseful {
                state.statistics.stale += 1
                return known.content
            }
            return flight.key.unavailable(state.health.refusal(at: time))
        }
    }

    /// Since when the registry has not answered, by the cache's clock; nil while it does.
    package var failingSince: Int64? { state.withLock { $0.health.failingSince } }

    /// After an attempt without an answer, pauses and says whether another is worth while: not when the registry has been in
    /// trouble for ``Settings/grace``. `attempts`: so many were made.
    package func isWorthWaiting(_ attempts: Int) -> Bool {
        let pause = Duration.milliseconds(100)
        guard pause * attempts <= settings.grace else { return false }
        let time = now()
        guard let since = failingSince, .microseconds(time - since) < settings.grace else { return false }
        usleep(100_000)
        return true
    }
}

extension SchemaCache.Key {
    var isSchema: Bool { if case .schema = self { true } else { false } }

    func unavailable(_ error: SchemaError) -> SchemaCache.Content {
        switch self {
        case .schema: .schema(.unavailable(error))
        case .versions, .contract: .failed(error)
        }
    }
}

extension SchemaCache.Content {
    /// Whether it may be served on when the registry does not answer.
    var isUseful: Bool {
        switch self {
        case .schema(.found), .versions, .contract: true
        case .schema, .failed: false
        }
    }
}
