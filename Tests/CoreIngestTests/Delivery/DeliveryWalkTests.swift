import Glibc
import Logging
import SinkTesting
import Synchronization
import Testing

@testable import CoreIngest

/// Lanes as a whole, walked at random: offers, sinks that fail, lie, hang and lose their connection, kills and restarts.
///
/// Whatever happens: every event reaches every sink at least once, first occurrences come in order and without a gap, and the
/// source is never told to forget what could still get lost.
@Suite(.timeLimit(.minutes(4))) struct DeliveryWalkTests {
    /// What the source would send: one transaction after the other.
    private struct Transaction {
        var commit: UInt64
        var events: Int
        var token: UInt64 { commit + 5 }
        func position(_ ordinal: Int) -> Position { Position(commit: commit, ordinal: UInt64(ordinal)) }
    }

    private let transactions: [Transaction] = (0..<160).map {
        Transaction(commit: 100 + UInt64($0) * 10, events: $0 % 7 == 0 ? 12 : 1 + $0 % 3)
    }
    private var all: [Position] { transactions.flatMap { one in (0..<one.events).map(one.position) } }

    /// More of them with BUZ_WALKS.
    private static let walks = getenv("BUZ_WALKS").flatMap { Int(String(cString: $0)) } ?? 24

    @Test("Nothing is lost, and nothing overtakes", arguments: 0..<walks)
    func walk(seed: Int) async throws {
        var generator = SeededGenerator(state: UInt64(seed) &* 7919)
        let folder = try TemporaryFolder()
        let destinations = [WalkDestination(), WalkDestination()]
        let told = Mutex<UInt64>(0)
        let storesPositions = Bool.random(using: &generator)
        let parkBytes = [0, 4000, 1 << 20, 1 << 20].randomElement(using: &generator) ?? 0
        for process in 0..<10 {
            let isLast = process == 9
            let sinks = destinations.enumerated().map { index, destination in
                WalkSink(
                    "sink\(index)", to: destination, seed: generator.next(),
                    faults: isLast ? 0 : [0, 10, 40].randomElement(using: &generator) ?? 0,
                    storesPositions: storesPositions)
            }
            if !isLast, process % 3 == 1 { sinks[0].setDown(true) }
            let lanes = sinks.map { ($0, settings(parkBytes: parkBytes, &generator)) }
            try await run(lanes, in: folder, told, isLast: isLast, &generator)
            for destination in destinations {
                let firsts = destination.firsts
                let isPrefix = firsts == Array(all.prefix(firsts.count))
                #expect(
                    isPrefix,
                    """
                    seed \(seed), process \(process), park of \(parkBytes), stores positions: \(storesPositions), \
                    missing \(Set(all.prefix { $0 <= firsts.max() ?? .start }).subtracting(firsts).sorted()), last \
                    \(firsts.suffix(3)), acknowledged \(told.withLock { $0 })
                    """)
            }
        }
        for destination in destinations { #expect(destination.firsts.count == all.count, "seed \(seed)") }
    }

    private func settings(parkBytes: Int, _ generator: inout SeededGenerator) -> LaneSettings {
        var settings = LaneSettings()
        settings.retry = RetryPolicy(first: .milliseconds(1), cap: .milliseconds(3))
        settings.queueBatches = Int.random(in: 1...5, using: &generator)
        settings.batchEvents = Int.random(in: 1...10, using: &generator)
        settings.flushInterval = .milliseconds(Int.random(in: 0...3, using: &generator))
        settings.stallAfter = .milliseconds(4)
        settings.parkAfter = .milliseconds(Int.random(in: 0...5, using: &generator))
        settings.park.maxBytes = parkBytes
        settings.park.segmentBytes = 1500
        return settings
    }

    /// One life of a process: from what was acknowledged until it is killed; the last one until all is delivered.
    private func run(
        _ lanes: [(WalkSink, LaneSettings)], in folder: TemporaryFolder, _ told: borrowing Mutex<UInt64>, isLast: Bool,
        _ generator: inout SeededGenerator
    ) async throws {
        let state = try StateDirectory(path: folder.path + "/state", exclusive: true)
        let begin = told.withLock { $0 }
        var pipelineSettings = PipelineSettings()
        pipelineSettings.watchInterval = .milliseconds(2)
        var logger = Logger(label: "walk")
        logger.logLevel = .critical
        let counter = PersistedToken(begin)
        let pipeline = Pipeline(
            state: state, renderer: EventRenderer(instance: .init(name: "walk", environment: "test", version: "0")),
            metrics: MetricsRegistry(), settings: pipelineSettings, logger: logger, acknowledged: { _ in begin },
            persist: { counter.store($1) })
        let source = TestSource()
        pipeline.add(source: "shop", signals: source)
        for (sink, settings) in lanes { try pipeline.add(sink: sink, settings: settings) }
        let running = Task { await pipeline.run() }
        let steps = isLast ? Int.max : Int.random(in: 5...60, using: &generator)
        await send(to: pipeline, source, counter, steps: steps, lanes.map(\.0), &generator)
        if isLast {
            while !pipeline.isIdle { try await Task.sleep(for: .milliseconds(1)) }
        }
        for (sink, _) in lanes { sink.kill() }
        pipeline.stop(within: .zero)
        await running.value
        // As a killed process does, it touches nothing any more.
        while pipeline.hasRunningTasks { try await Task.sleep(for: .milliseconds(1)) }
        told.withLock { $0 = counter.value }
    }

    private final class PersistedToken: Sendable {
        private let token: Atomic<UInt64>
        init(_ token: UInt64) { self.token = Atomic(token) }
        var value: UInt64 { token.load(ordering: .sequentiallyConsistent) }
        func store(_ value: UInt64) { token.store(value, ordering: .sequentiallyConsistent) }
    }

    /// Sends from the acknowledged position on, in batches of random size, and goes back where it is asked to.
    private func send(
        to pipeline: Pipeline, _ source: TestSource, _ told: PersistedToken, steps: Int, _ sinks: [WalkSink],
        _ generator: inout SeededGenerator
    ) async {
        var replays = 0
        var left = steps
        var known = pipeline.begin(DeliveryRig.identity)
        var index = transactions.firstIndex { $0.token > told.value } ?? transactions.count
        while left > 0 {
            left -= 1
            if source.replays > replays {
                replays = source.replays
                known = pipeline.begin(DeliveryRig.identity)
                index = transactions.firstIndex { $0.token > told.value } ?? transactions.count
            }
            if index >= transactions.count {
                if told.value == transactions.last?.token || steps < Int.max { return }
                try? await Task.sleep(for: .milliseconds(1))
                continue
            }
            if steps < Int.max, Int.random(in: 0..<20, using: &generator) == 0 {
                sinks[0].setDown(Bool.random(using: &generator))
            }
            var next = index + Int.random(in: 1...3, using: &generator)
            next = min(next, transactions.count)
            let isSplit = transactions[index].events > 4 && Bool.random(using: &generator)
            if isSplit {
                // A transaction over two batches: the first one acknowledges nothing.
                guard await offer(transactions[index...index], ordinals: 0..<6, token: 0, known, pipeline, source),
                    await offer(
                        transactions[index...index], ordinals: 6..<100, token: transactions[index].token, known,
                        pipeline, source)
                else { continue }
                index += 1
            } else {
                let part = transactions[index..<next]
                guard
                    await offer(
                        part, ordinals: 0..<100, token: transactions[next - 1].token, known, pipeline, source)
                else { continue }
                index = next
            }
        }
    }

    /// False when the source has to begin anew, or gave up waiting for room.
    private func offer(
        _ part: ArraySlice<Transaction>, ordinals: Range<Int>, token: UInt64, _ known: Position, _ pipeline: Pipeline,
        _ source: TestSource
    ) async -> Bool {
        var batches = TestBatch()
        var builder = EventBatchBuilder(capacity: 256)
        for transaction in part {
            batches.nextCommit = transaction.commit
            _ = batches.fill(
                &builder, (0..<min(transaction.events, ordinals.upperBound)).map { TestBatch.Change(id: $0) })
        }
        if ordinals.lowerBound > 0, let first = part.first {
            _ = builder.leaveOut(through: first.position(ordinals.lowerBound - 1))
        }
        _ = builder.leaveOut(through: known)
        let replays = source.replays
        for _ in 0..<2000 {
            if pipeline.offer(&builder, from: DeliveryRig.identity, acknowledge: token) { return true }
            if source.replays > replays { return false }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return false
    }
}
