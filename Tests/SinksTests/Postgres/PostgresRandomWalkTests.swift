import CoreIngest
import TestServers
import Testing

@testable import Sinks

/// Random changes to a model and to a mirror, cut into writes at random, with sessions killed at random moments and everything
/// sent again: the mirror equals the model, and a table that is only appended to has each event once.
@Suite struct PostgresRandomWalkTests {
    /// A process of its own that ends whatever session a sink has in a database, at random, while the writes go on: on a busy machine
    /// a write takes many of its rounds, and must have a chance to survive them.
    private struct Killer {
        private let folder: TemporaryFolder
        private let process: ChildProcess

        init(of database: TestDatabase) throws {
            folder = try TemporaryFolder("buzkill")
            let script = "\(folder.path)/kill.sql"
            try writeText(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = '\(database.name)' AND application_name LIKE 'buz-cdc%' AND random() < 0.3
                \\watch 0.04
                """, to: script)
            let binaries = PostgresServer.binaries(of: database.server.major) ?? ""
            process = try ChildProcess(
                ["\(binaries)/psql", "-X", "-A", "-t", "-q", "-d", database.server.url(), "-f", script], folder: folder)
        }

        /// Answers how many sessions were ended.
        func stop() -> Int {
            process.stop(9)
            return process.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.reduce(0, +)
        }
    }

    /// A new seed for each version, and one that stays.
    private static let walks: [(seed: UInt64, major: Int)] =
        PostgresServer.matrix.map { (UInt64.random(in: .min ... .max), $0) } + [(1, PostgresServer.usual)]

    @Test(arguments: walks)
    func theMirrorEqualsTheModelWhateverIsKilled(seed: UInt64, major: Int) async throws {
        let database = try SharedPostgres.database(major)
        let orders = ordersStream()
        let log = testStream("log", [.init(name: "n", sqlType: "integer", kind: .integer(bits: 32))])
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        var walk = MirrorWalk(generator: SplitMix(state: seed))
        let killer = try Killer(of: database)
        var latest: [EventBatch] = []
        for round in 0..<5000 {
            // On a fast machine the killer has hardly begun by then.
            if round >= 120, lane.reopened > 0 { break }
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
            if walk.generator.below(10) == 0 { try await lane.restart(with: testSink(database), resending: latest) }
        }
        let killed = killer.stop()
        #expect(lane.reopened > 0)
        #expect(lane.rejections.isEmpty)
        let expected = walk.model.sorted { $0.key < $1.key }.map { "\($0.key)|\($0.value.name)|\($0.value.note)" }
        #expect(
            try database.sql("SELECT id, name, note FROM orders ORDER BY id") == expected.joined(separator: "\n"),
            "seed \(seed), \(killed) sessions killed")
        #expect(
            try database.sql("SELECT count(*), count(DISTINCT n), max(n) FROM log")
                == "\(walk.appended)|\(walk.appended)|\(walk.appended)", "seed \(seed), \(killed) sessions killed")
        await lane.sink.close()
    }
}
