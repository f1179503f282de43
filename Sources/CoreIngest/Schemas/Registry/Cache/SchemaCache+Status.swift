import Synchronization

extension SchemaCache {
    package struct Statistics: Sendable, Equatable {
        /// Answers from memory.
        package var hits = 0
        /// Of these, that there is no such schema, or none that can be used.
        package var negativeHits = 0
        /// Questions to the registry.
        package var fetches = 0
        /// Of these, without an answer.
        package var failures = 0
        /// Answers from before that were served because the registry did not answer.
        package var stale = 0
        /// Found on disk after a start.
        package var restored = 0
        /// Not asked for, as too many were.
        package var throttled = 0
        package var evictions = 0
        package var entries = 0
        package var bytes = 0

        mutating func count(hit entry: Entry) {
            hits += 1
            if !entry.content.isUseful { negativeHits += 1 }
        }
    }

    /// How cache and registry are doing.
    package struct Status: Sendable, Equatable {
        /// The registry, for people.
        package var registry: String
        package var statistics: Statistics
        /// For how long the registry has not answered; nil while it does.
        package var failingSeconds: Double?
        /// Of the last failure, while it lasts.
        package var lastError: String?
        /// Entries that are served past their time, and the age of the oldest.
        package var staleEntries: Int
        package var oldestStaleSeconds: Double?
    }

    package var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.entries = state.entries.count
            return statistics
        }
    }

    package var status: Status {
        let time = now()
        return state.withLock { state in
            var statistics = state.statistics
            statistics.entries = state.entries.count
            let stale = state.entries.values.compactMap(\.staleSince)
            func seconds(since start: Int64) -> Double { Double(time - start) / 1_000_000 }
            return Status(
                registry: registry.description, statistics: statistics,
                failingSeconds: state.health.failingSince.map(seconds),
                lastError: state.health.failingSince == nil ? nil : state.health.lastError?.message,
                staleEntries: stale.count, oldestStaleSeconds: stale.min().map(seconds))
        }
    }
}
