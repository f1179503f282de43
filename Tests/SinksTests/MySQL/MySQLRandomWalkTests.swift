import CoreIngest
import Glibc
import TestServers
import Testing

@testable import Sinks

/// Random changes to a model and to a mirror, cut into writes at random, with sessions killed and the server killed at random moments and
/// everything sent again: the mirror equals the model, and a table that is only appended to has each event once.
@Suite(.serialized, .enabled(if: !MySQLServer.installed.isEmpty), .timeLimit(.minutes(5)))
struct MySQLRandomWalkTests {
    /// A process of its own that ends whatever session a sink has, at random, while the writes go on.
    private static func killer(of server: MySQLServer) throws -> ChildProcess {
        let client = "/usr/bin/mariadb --no-defaults --socket=\(server.socket) --user=root -N"
        return try ChildProcess(
            [
                "bash", "-c",
                """
                while :; do
                  \(client) -e "SELECT CONCAT('KILL ', ID, ';') FROM \(server.sessionTable) WHERE USER = 'buz' AND RAND() < 0.3" 2>/dev/null |
                    tee /dev/stderr | \(client) --force 2>/dev/null
                  sleep 0.04
                done
                """,
            ], folder: server.folder)
    }

    @Test(arguments: [UInt64.random(in: .min ... .max), 1], MySQLServer.installed)
    func theMirrorEqualsTheModelWhateverIsKilled(seed: UInt64, kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let orders = fixture.orders
        let log = testStream("log", [.init(name: "n", sqlType: "integer", kind: .integer(bits: 32))])
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        var walk = MirrorWalk(generator: SplitMix(state: seed))
        let killer = try Self.killer(of: fixture.server)
        defer { killer.stop(9) }
        var latest: [EventBatch] = []
        for round in 0..<2000 {
            if round >= 120, lane.failures > 2 { break }
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
            if walk.generator.below(10) == 0 { try await lane.restart(with: fixture.sink(), resending: latest) }
            if round == 60 {
                fixture.server.kill9()
                try fixture.server.start()
            }
        }
        killer.stop(9)
        #expect(lane.failures > 0)
        #expect(lane.rejections.isEmpty, "\(lane.rejections)")
        let expected = walk.model.sorted { $0.key < $1.key }.map { "\($0.key)|\($0.value.name)|\($0.value.note)" }
        #expect(
            try fixture.server.sql("SELECT id, name, note FROM orders ORDER BY id")
                == expected.joined(separator: "\n"), "seed \(seed)")
        #expect(
            try fixture.server.sql("SELECT COUNT(*), COUNT(DISTINCT n), MAX(n) FROM log")
                == "\(walk.appended)|\(walk.appended)|\(walk.appended)", "seed \(seed)")
        await lane.sink.close()
    }
}
