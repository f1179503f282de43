import Synchronization

/// Compiled schemas of a registry, kept in memory. Any thread.
///
/// Each name is asked for by one caller at a time, and the others wait for its answer. Answers are kept for a time: found
/// schemas for ``Settings/timeToLive``, the lack of one for ``Settings/negativeTimeToLive``. When the registry does not answer, what
/// was found before is served on, and it is asked again after ``Settings/retryPause``. Memory is bounded in bytes: what was used
/// longest ago goes first.
package final class SchemaCache: Sendable {
    package struct Settings: Sendable {
        package var mostBytes = 100 << 20
        /// Microseconds, as all times here.
        package var timeToLive: Int64 = 300_000_000
        package var negativeTimeToLive: Int64 = 10_000_000
        package var retryPause: Int64 = 1_000_000
        package var options = SchemaOptions()
        package init() {}
    }

    package enum Answer: Sendable {
        case found(PayloadValidator)
        /// The registry answers that it has no such schema.
        case missing
        /// The registry has it, and it cannot be used.
        case refused(SchemaError)
        /// The registry does not answer, and nothing is known from before.
        case unavailable(SchemaError)
    }

    package struct Statistics: Sendable, Equatable {
        package var hits = 0
        package var fetches = 0
        /// Answers from before that were served because the registry did not answer.
        package var stale = 0
        package var evictions = 0
        package var entries = 0
        package var bytes = 0
    }

    private struct Entry {
        var answer: Answer
        var expires: Int64
        var cost: Int
        var lastUse: UInt64
    }

    /// One question that is under way.
    private final class Flight: Sendable { let answer = Mutex<Answer?>(nil) }

    private struct State {
        var entries: [SchemaName: Entry] = [:]
        var flights: [SchemaName: Flight] = [:]
        var statistics = Statistics()
        var uses: UInt64 = 0
        /// Raised by each purge: what was asked before it is not kept.
        var generation = 0
    }

    package let registry: any SchemaRegistry
    private let settings: Settings
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    /// What an entry costs besides its program.
    private static let entryCost = 512

    /// `now`: microseconds of a clock that does not jump.
    package init(_ registry: any SchemaRegistry, settings: Settings = Settings(), now: @escaping @Sendable () -> Int64)
    {
        self.registry = registry
        self.settings = settings
        self.now = now
    }

    /// The validator of a schema. May block as long as the registry does.
    package func validator(for name: SchemaName) -> Answer {
        let time = now()
        let (known, flight) = state.withLock { state -> (Answer?, Flight) in
            state.uses += 1
            if let entry = state.entries[name], entry.expires > time {
                state.entries[name]?.lastUse = state.uses
                state.statistics.hits += 1
                return (entry.answer, Flight())
            }
            let flight = state.flights[name] ?? Flight()
            state.flights[name] = flight
            return (nil, flight)
        }
        if let known { return known }
        // The first to come fetches under the flight's lock; the others wait for the lock, and find the answer.
        return flight.answer.withLock { answer in
            if let answer { return answer }
            let fetched = land(name, flight)
            answer = fetched
            return fetched
        }
    }

    private func land(_ name: SchemaName, _ flight: Flight) -> Answer {
        let generation = state.withLock { state in
            state.statistics.fetches += 1
            return state.generation
        }
        let fetched = fetch(name)
        let time = now()
        return state.withLock { state in
            if state.flights[name] === flight { state.flights[name] = nil }
            var entry = Entry(
                answer: fetched, expires: time + settings.timeToLive, cost: Self.entryCost, lastUse: state.uses)
            switch fetched {
            case .found(let validator): entry.cost += validator.byteCount
            case .missing, .refused: entry.expires = time + settings.negativeTimeToLive
            case .unavailable:
                entry.expires = time + settings.retryPause
                if let before = state.entries[name], case .found = before.answer {
                    entry.answer = before.answer
                    entry.cost = before.cost
                    state.statistics.stale += 1
                }
            }
            if state.generation == generation {
                state.statistics.bytes += entry.cost - (state.entries[name]?.cost ?? 0)
                state.entries[name] = entry
                evict(&state)
            }
            return entry.answer
        }
    }

    private func fetch(_ name: SchemaName) -> Answer {
        do throws(SchemaError) {
            guard let text = try registry.text(of: name) else { return .missing }
            var arena = ByteArena(capacity: text.count)
            arena.append(text)
            let program = try SchemaCompiler.compile(arena.bytes, options: settings.options)
            return .found(PayloadValidator(schema: name, program: program))
        } catch {
            return error.code == .unavailable ? .unavailable(error) : .refused(error)
        }
    }

    /// Down to three quarters, so that the sorting is paid once for many entries.
    private func evict(_ state: inout State) {
        guard state.statistics.bytes > settings.mostBytes else { return }
        for (name, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            if state.statistics.bytes <= settings.mostBytes / 4 * 3 { break }
            state.entries[name] = nil
            state.statistics.bytes -= entry.cost
            state.statistics.evictions += 1
        }
    }

    /// The latest version that the registry has of a schema; not cached. May block.
    package func latest(vendor: String, name: String) throws(SchemaError) -> SchemaName? {
        guard let version = try registry.versions(vendor: vendor, name: name).max() else { return nil }
        return SchemaName(vendor: vendor, name: name, version: version)
    }

    /// Forgets one schema, or all: the next event that names it asks the registry.
    package func purge(_ name: SchemaName? = nil) {
        state.withLock { state in
            state.generation += 1
            if let name {
                if let entry = state.entries.removeValue(forKey: name) { state.statistics.bytes -= entry.cost }
                state.flights[name] = nil
            } else {
                state.entries = [:]
                state.flights = [:]
                state.statistics.bytes = 0
            }
        }
    }

    package var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.entries = state.entries.count
            return statistics
        }
    }
}
