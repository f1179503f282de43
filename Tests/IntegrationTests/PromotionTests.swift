import Glibc
import TestServers
import Testing

/// A server that is promoted goes on in another history, which shares what lies before the switch.
@Suite("Promoted servers", .serialized, .enabled(if: ClickHouseServer.isInstalled), .timeLimit(.minutes(10)))
struct PromotionTests {
    @Test(
        "What was under way when the server was promoted comes once, whether the sidecar ran on or was killed",
        arguments: [true, false])
    func once(runsOn: Bool) throws {
        let clickHouse = try ClickHouseServer()
        // A sink that is down, and may park nothing, keeps everything from being acknowledged.
        let held = try PostgresServer()
        let stand = try Stand(
            schema: "create table item (id int primary key); insert into item values (1)",
            sinks: """
                \(Sidecar.fileSink)
                - {name: analytics, type: clickhouse, url: "\(clickHouse.url)", user: \(clickHouse.user), \
                password: \(clickHouse.password), database: shop}
                - {name: held, type: postgres, url: "\(held.url())", park: {maxBytes: 0}, retry: {initial: 50ms, max: 500ms}}
                """)
        try stand.deliver()
        try held.stop("immediate")
        try stand.sidecar.start()
        func count() throws -> String { try clickHouse.ask("SELECT uniqExact(uuid) FROM shop.events") }
        try stand.source("insert into item select generate_series(2, 50)")
        try eventually("\(stand.sidecar.errors.suffix(500))") { try count() == "50" }
        try eventually("the file has \(stand.sidecar.lines().count)") { stand.sidecar.lines().count == 50 }
        if !runsOn { stand.sidecar.kill9() }
        try stand.server.stop("immediate")
        try stand.server.recoverToNewTimeline()
        try stand.server.startOnNewTimeline()
        if !runsOn { try stand.sidecar.start() }
        try stand.source("insert into item select generate_series(51, 60)")
        try eventually("\(stand.sidecar.errors.suffix(500))") { try count() == "60" }
        #expect(stand.sidecar.errors.contains("went over to another timeline"), "\(stand.sidecar.errors)")
        try held.start()
        _ = try stand.sidecar.terminate(seconds: 60)
        try stand.deliver()
        #expect(
            try clickHouse.ask("SELECT count(), uniqExact(uuid), uniqExact(_buz_source) FROM shop.events")
                == "60\t60\t2")
        #expect(try held.sql("select count(*), count(distinct uuid) from events") == "60|60")
        // After kill -9 it may have what was written and not flushed twice.
        if runsOn { #expect(stand.sidecar.lines().count == 60) }
    }
}
