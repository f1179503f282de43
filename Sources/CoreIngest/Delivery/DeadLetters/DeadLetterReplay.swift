/// Writes dead letters to their sink again, to that sink only. What it takes is removed once it is flushed; what it refuses
/// stays, with one more attempt. A crash in between repeats events, with their `uuid`.
///
/// Opens the sink by itself, so give it one that no lane writes to. Events that failed validation are validated again by nobody: they
/// are delivered as they are, which is what someone who replays them asks for.
package struct DeadLetterReplay {
    package struct Result: Sendable, Equatable {
        package var delivered = 0
        package var failed = 0
        /// Rows whose bytes could not be read; they stay.
        package var unreadable = 0

        package init() {}
    }

    private static let pageSize = 200
    private let store: DeadLetterStore
    private let sink: any Sink

    package init(store: DeadLetterStore, sink: any Sink) {
        self.store = store
        self.sink = sink
    }

    /// Throws ``SinkFailure`` when the sink cannot be reached, after which what was not flushed is still there, or ``StateError``.
    package func run(_ filter: DeadLetterFilter) async throws -> Result {
        // Positions in the destination are of no use here: the events were passed over, and lie before them.
        _ = try await sink.open()
        do {
            let result = try await replay(filter)
            await sink.close()
            return result
        } catch {
            await sink.close()
            throw error
        }
    }

    private func replay(_ filter: DeadLetterFilter) async throws -> Result {
        var result = Result()
        var last: Int64 = 0
        var left = filter.limit ?? .max
        while left > 0 {
            let page = try store.stored(filter, after: last, count: min(Self.pageSize, left))
            guard let end = page.last else { break }
            last = end.id
            left -= page.count
            result.unreadable += page.count { $0.batch == nil }
            try await replay(page.filter { $0.batch != nil }, into: &result)
        }
        return result
    }

    private func replay(_ page: [DeadLetterStore.Stored], into result: inout Result) async throws {
        let slices = page.compactMap { $0.batch.map { BatchSlice($0) } }
        guard !slices.isEmpty else { return }
        var refused: [Int: SinkFailure] = [:]
        switch await sink.write(slices) {
        case .delivered: break
        case .rejected(let rejections): for one in rejections { refused[one.slice] = one.failure }
        case .refused:
            // Someone among them is to blame: one by one.
            for (index, slice) in slices.enumerated() {
                switch await sink.write([slice]) {
                case .delivered: break
                case .rejected(let rejections): refused[index] = rejections.first?.failure
                case .refused(let failure): refused[index] = failure
                case .failed(let failure): throw failure
                }
            }
        case .failed(let failure): throw failure
        }
        try await sink.flush()
        var delivered: [Int64] = []
        for (index, stored) in page.enumerated() {
            if let failure = refused[index] {
                try store.failedAgain(id: stored.id, code: failure.code.rawValue, error: failure.message)
                result.failed += 1
            } else {
                delivered.append(stored.id)
            }
        }
        try store.remove(ids: delivered)
        result.delivered += delivered.count
    }
}
