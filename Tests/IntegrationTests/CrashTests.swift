import Glibc
import TestServers
import Testing

/// Must show 2: nothing is missing, nothing out of order, whatever is killed.
@Suite("Crashes", .serialized)
struct CrashTests {
    @Test(
        "The mirror equals the source, and the file holds every change in commit order, through kill -9, restarts and outages",
        .timeLimit(.minutes(10)), arguments: PostgresServer.matrix)
    func nothingIsLost(major: Int) throws {
        let source = try PostgresServer(major)
        let target = try PostgresServer()
        try Shop.create(on: source)
        try target.sql("create database shop_copy")
        let sidecar = try Sidecar(
            url: source.url("shop"),
            sinks: """
                - {name: lake, type: file, path: OUT, defaultOutput: events}
                - {name: replica, type: postgres, mode: mirror, url: "\(target.url("shop_copy"))"}
                """)
        // A snapshot that is not settled begins anew after a crash, and takes the changes meanwhile into itself: not what is counted here.
        try sidecar.runUntilIdle()
        try sidecar.startReady()
        let oracle = try DecodingOracle(on: source)
        let scratch = try TemporaryFolder()
        let traffic = try Shop.startTraffic(on: source, folder: scratch)

        // At least twenty kills in one test run: more on one version, some on each.
        let kills = major == PostgresServer.usual ? 20 : 6
        var generator = SeededGenerator(seed: UInt64(major))
        for round in 1...kills {
            usleep(UInt32.random(in: 20_000...600_000, using: &generator))
            switch round % 6 {
            case 2: try source.sql("select pg_terminate_backend(pid) from pg_stat_replication")
            case 3: try source.restart("fast")
            case 4:
                try target.stop("immediate")
                usleep(1_500_000)
                try target.start()
            case 5: try source.restart("immediate")
            default: break
            }
            usleep(UInt32.random(in: 20_000...300_000, using: &generator))
            sidecar.kill9()
            try sidecar.start()
        }
        try sidecar.waitReady(seconds: 90)
        usleep(500_000)
        try Shop.stopTraffic(traffic, folder: scratch)
        #expect(try sidecar.terminate() == 0, "a graceful stop exits 0: \(sidecar.errors)")
        #expect(try source.sql("select active from pg_replication_slots where slot_name = 'buz_shop'") == "f")
        try sidecar.runUntilIdle()

        try expectMirrorEqual(source: source, mirror: target)
        let ledger = try FileLedger(sidecar.files(), into: target)
        #expect(try ledger.conflictingRepeats() == "0")
        #expect(try ledger.disorder() == "0")
        #expect(try ledger.invalid() == "0")
        let (written, committed) = (try ledger.changeCounts(), try oracle.changeCounts())
        #expect(written == committed, "changes in the file, and changes that the server's own decoder counts")
        let streamed = try ledger.ask("select count(*) from firsts where not snapshot")
        #expect((Int(streamed) ?? 0) > 1000, "the traffic ran")
    }

    @Test("A transaction of 200,000 rows passes in bounded memory", .timeLimit(.minutes(5)))
    func hugeTransaction() throws {
        let source = try PostgresServer()
        try source.sql("create database shop")
        try source.sql(
            "create table wide (id bigint primary key, a text, b text, c numeric, d timestamptz)", database: "shop")
        let sidecar = try Sidecar(url: source.url("shop"), sinks: Sidecar.fileSink)
        try sidecar.startReady()
        try source.sql(
            "insert into wide select g, repeat('a', 100), md5(g::text), g / 7.0, now() from generate_series(1, 200000) g",
            database: "shop")
        try eventually(within: 120, "delivered \(sidecar.metric("buz_sink_events_delivered_total") ?? -1)") {
            sidecar.lines().count >= 200_000
        }
        let status = readText("/proc/\(sidecar.process?.pid ?? 0)/status")
        let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ").dropFirst()
            .first.flatMap { Int($0) }
        #expect((peak ?? .max) < 100 * 1024, "peak resident memory in KiB")
        #expect(try sidecar.terminate() == 0)
        let ledger = try FileLedger(sidecar.files(), into: source)
        #expect(
            try ledger.ask("select count(*), count(distinct u), count(distinct commit_lsn) from ch")
                == "200000|200000|1")
    }
}
