import CoreIngest
import Glibc
import TestServers
import Testing

@testable import Sinks

/// Random changes to a model and to a mirror, cut into writes at random, with sessions ended and the server killed at random moments and
/// everything sent again, and with changes that were replaced deleted all the while: the mirror equals the model, and a table that is only
/// appended to has each event once.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct MaterializeRandomWalkTests {
    /// A process of its own that ends whatever session a sink has, at random, while the writes go on.
    private static func killer(of server: MaterializeServer) throws -> ChildProcess {
        let client =
            "\(PostgresServer.binaries(of: server.postgres.major) ?? "")/psql -X -q -A -t -d \(server.postgres.url("materialize"))"
        return try ChildProcess(
            [
                "bash", "-c",
                """
                while :; do
                  \(client) -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'buz' AND random() < 0.3" 2>/dev/null
                  sleep 0.05
                done
                """,
            ], folder: server.postgres.folder)
    }

    @Test(arguments: [UInt64.random(in: .min ... .max), 1])
    func theMirrorEqualsTheModelWhateverIsKilled(seed: UInt64) async throws {
        let fixture = try MaterializeFixture()
        let orders = fixture.orders
        let log = testStream("log", [.init(name: "n", sqlType: "integer", kind: .integer(bits: 32))])
        func sink() -> MaterializeSink { fixture.sink { $0.compactAfter = 50 } }
        let lane = LaneStandIn(sink())
        try await lane.open()
        let maker = BatchMaker()
        var walk = MirrorWalk(generator: SplitMix(state: seed))
        let killer = try Self.killer(of: fixture.server)
        defer { killer.stop(9) }
        var latest: [EventBatch] = []
        for round in 0..<160 {
            for _ in 0..<(1 + walk.generator.below(60)) { walk.step(maker, orders: orders, log: log) }
            let batch = maker.seal()
            latest = latest.suffix(4) + [batch]
            let middle = walk.generator.below(batch.records.count + 1)
            let parts = [0..<middle, middle..<batch.records.count].filter { !$0.isEmpty }
            let slices = parts.map { BatchSlice(batch, range: $0) }
            if walk.generator.below(2) == 0 {
                try await lane.deliver(slices)
            } else {
                for slice in slices { try await lane.deliver([slice]) }
            }
            if walk.generator.below(10) == 0 { try await lane.restart(with: sink(), resending: latest) }
            if round == 60 {
                try fixture.server.kill9()
                try fixture.server.restart()
            }
        }
        killer.stop(9)
        // The sink goes on in a new session by itself, so that the lane sees few of them.
        let killed = killer.output.split(separator: "\n").compactMap { Int($0) }.reduce(0, +)
        #expect(killed > 2)
        #expect(lane.rejections.isEmpty, "\(lane.rejections)")
        let server = fixture.server
        let expected = walk.model.sorted { $0.key < $1.key }.map { "\($0.key)|\($0.value.name)|\($0.value.note)" }
        let question = "SELECT id, name, note FROM orders ORDER BY id"
        #expect(try server.sql(question) == expected.joined(separator: "\n"), "seed \(seed)")
        #expect(
            try server.sql("SELECT count(*), count(DISTINCT n), max(n) FROM log")
                == "\(walk.appended)|\(walk.appended)|\(walk.appended)", "seed \(seed)")
        // Without anybody who ends sessions, what was replaced goes.
        for _ in 0..<3 {
            for _ in 0..<100 { walk.step(maker, orders: orders, log: log) }
            try await lane.deliver(maker.seal())
        }
        let left = try #require(Int(try server.sql("SELECT count(*) FROM buz_cdc.\"public.orders.1\"")))
        #expect(left <= 2 * walk.model.count + 50, "\(left) rows of changes for \(walk.model.count) rows")
        let latestModel = walk.model.sorted { $0.key < $1.key }.map {
            "\($0.key)|\($0.value.name)|\($0.value.note)"
        }
        #expect(try server.sql(question) == latestModel.joined(separator: "\n"), "seed \(seed)")
        await lane.sink.close()
    }
}
