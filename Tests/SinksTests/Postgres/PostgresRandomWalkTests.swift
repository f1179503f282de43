import CoreIngest
import TestServers
import Testing

@testable import Sinks

/// Random changes to a model and to a mirror, cut into writes at random, with sessions killed at random moments and everything
/// sent again: the mirror equals the model, and a table that is only appended to has each event once.
@Suite struct PostgresRandomWalkTests {
    private struct Row: Equatable {
        var name: String
        var note: String
    }

    private struct Walk {
        var generator: SplitMix
        var model: [Int: Row] = [:]
        var appended = 0

        mutating func step(_ maker: BatchMaker, orders: StreamDescriptor, log: StreamDescriptor) {
            if generator.below(4) == 0 { maker.begin() }
            appended += 1
            maker.add(.create, log, "{\"n\":\(appended)}")
            let id = generator.below(40)
            let name = "n\(generator.below(1000))"
            let note = "t\(generator.below(1000))"
            let key = "{\"id\":\(id)}"
            let whole = "{\"id\":\(id),\"name\":\"\(name)\",\"note\":\"\(note)\"}"
            let choice = generator.below(100)
            guard let old = model[id] else {
                maker.add(.create, orders, whole, key: key)
                model[id] = Row(name: name, note: note)
                return
            }
            switch choice {
            case 0:
                maker.add(.truncate, orders)
                model = [:]
            case 1..<25:
                maker.add(.delete, orders, key, key: key, before: key, flags: .beforeIsKeyOnly)
                model[id] = nil
            case 25..<50:
                maker.add(
                    .update, orders, "{\"id\":\(id),\"name\":\"\(name)\"}", key: key, unchanged: #""note""#)
                model[id] = Row(name: name, note: old.note)
            case 50..<65:
                move(id, Row(name: name, note: note), maker, orders, isWhole: true)
            case 65..<75:
                move(id, Row(name: name, note: old.note), maker, orders, isWhole: false)
            default:
                maker.add(.update, orders, whole, key: key)
                model[id] = Row(name: name, note: note)
            }
        }

        private mutating func move(
            _ id: Int, _ row: Row, _ maker: BatchMaker, _ orders: StreamDescriptor, isWhole: Bool
        ) {
            let free = (0..<60).filter { model[$0] == nil }
            // Every key is taken: nowhere to go.
            guard !free.isEmpty else { return }
            let new = free[generator.below(free.count)]
            let rest = isWhole ? ",\"note\":\"\(row.note)\"" : ""
            maker.add(
                .update, orders, "{\"id\":\(new),\"name\":\"\(row.name)\"\(rest)}", key: "{\"id\":\(new)}",
                before: "{\"id\":\(id)}", unchanged: isWhole ? nil : #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
            model[id] = nil
            model[new] = row
        }
    }

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

    struct SplitMix {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ mixed >> 31) % UInt64(bound))
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
        var walk = Walk(generator: SplitMix(state: seed))
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
