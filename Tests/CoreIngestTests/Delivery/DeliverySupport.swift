import CoreIngest
import Glibc
import Logging
import SinkTesting
import Synchronization
import Testing

@testable import CoreIngest

/// A folder of its own for one test, removed with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/buz-delivery-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StateError(.failed, "mkdtemp: errno \(errno)") }
        path = template.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in (try? FileSystem.list(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}

/// A source that keeps what it is told.
final class TestSource: SourceSignals {
    private struct State {
        var acknowledged: UInt64 = 0
        var replays = 0
        var rooms = 0
        var waiters: [(isMet: @Sendable (UInt64, Int, Int) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
            []
    }

    private let state = Mutex(State())

    var acknowledged: UInt64 { state.withLock { $0.acknowledged } }
    var replays: Int { state.withLock { $0.replays } }

    func acknowledged(_ source: SourceIdentity, upTo position: UInt64) {
        change { $0.acknowledged = max($0.acknowledged, position) }
    }
    func roomAvailable() { change { $0.rooms += 1 } }
    func replayNeeded(_ source: SourceIdentity) { change { $0.replays += 1 } }

    private func change(_ body: (inout State) -> Void) {
        let met = state.withLock { state in
            body(&state)
            let met = state.waiters.filter { $0.isMet(state.acknowledged, state.replays, state.rooms) }
            state.waiters.removeAll { $0.isMet(state.acknowledged, state.replays, state.rooms) }
            return met.map(\.continuation)
        }
        for continuation in met { continuation.resume() }
    }

    private func wait(_ isMet: @escaping @Sendable (UInt64, Int, Int) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if isMet(state.acknowledged, state.replays, state.rooms) { return true }
                state.waiters.append((isMet, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func waitForAcknowledgement(_ position: UInt64) async {
        await wait { acknowledged, _, _ in acknowledged >= position }
    }
    func waitForAcknowledgement(_ position: UInt64, orReplayAfter seen: Int) async {
        await wait { acknowledged, replays, _ in acknowledged >= position || replays > seen }
    }
    func waitForReplay() async { await wait { _, replays, _ in replays > 0 } }
    var rooms: Int { state.withLock { $0.rooms } }
    func waitForRoom(after seen: Int) async { await wait { _, _, rooms in rooms > seen } }
}

/// A pipeline with one source, running while `body` does.
struct DeliveryRig: Sendable {
    let folder: TemporaryFolder
    let pipeline: Pipeline
    let source: TestSource
    let persisted: Persisted
    let metrics: MetricsRegistry
    let state: StateDirectory

    /// Tokens that were persisted, in order.
    final class Persisted: Sendable {
        let tokens = Mutex<[UInt64]>([])
    }

    static let identity = SourceIdentity(name: "shop", systemIdentifier: 1)

    /// However slow the machine is, what is in memory is not parked for that.
    static func quickRetries() -> LaneSettings {
        var settings = LaneSettings()
        settings.parkAfter = .seconds(3600)
        settings.retry = RetryPolicy(first: .milliseconds(1), cap: .milliseconds(5))
        return settings
    }

    static func with(
        _ lanes: [(any Sink, LaneSettings)], in folder: TemporaryFolder? = nil, drain: Duration = .seconds(5),
        acknowledged: @escaping @Sendable () -> UInt64? = { nil },
        persist: (@Sendable (UInt64) throws -> Void)? = nil, _ body: (DeliveryRig) async throws -> Void
    ) async throws {
        let folder = try folder ?? TemporaryFolder()
        let state = try StateDirectory(path: folder.path + "/state", exclusive: true)
        let persisted = Persisted()
        let metrics = MetricsRegistry()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var pipelineSettings = PipelineSettings()
        pipelineSettings.watchInterval = .milliseconds(5)
        let pipeline = Pipeline(
            state: state, renderer: EventRenderer(instance: .init(name: "test", environment: "test", version: "0")),
            metrics: metrics, settings: pipelineSettings, logger: logger, acknowledged: { _ in acknowledged() },
            persist: { _, token in
                try persist?(token)
                persisted.tokens.withLock { $0.append(token) }
            })
        let source = TestSource()
        pipeline.add(source: "shop", signals: source)
        for (sink, settings) in lanes { try pipeline.add(sink: sink, settings: settings) }
        let rig = DeliveryRig(
            folder: folder, pipeline: pipeline, source: source, persisted: persisted, metrics: metrics, state: state)
        _ = pipeline.begin(identity)
        let running = Task { await pipeline.run() }
        let result: Result<Void, any Error>
        do {
            try await body(rig)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        pipeline.stop(within: drain)
        await running.value
        try result.get()
    }

    /// Offers one transaction; waits for room where there is none. Answers its acknowledgement.
    @discardableResult
    func offer(_ batches: inout TestBatch, _ changes: [TestBatch.Change]) async -> UInt64 {
        var builder = EventBatchBuilder(capacity: 256)
        let token = batches.fill(&builder, changes)
        while true {
            let seen = source.rooms
            if pipeline.offer(&builder, from: batches.source, acknowledge: token) { return token }
            await source.waitForRoom(after: seen)
        }
    }

    @discardableResult
    func offer(_ batches: inout TestBatch, ids: Range<Int>, note: String = "note") async -> UInt64 {
        await offer(&batches, ids.map { TestBatch.Change(id: $0, note: note) })
    }

    func status(of sink: String) -> LaneStatus? { pipeline.status.lanes.first { $0.sink == sink } }
}

/// A generator with a seed, so that a walk that failed can be walked again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
