import CoreIngest
import Glibc
import SinkTesting
import TestServers
import Testing

@testable import Sinks

@Suite("Snowflake sink: events", .serialized, .enabled(if: SnowflakeEmulator.isInstalled), .timeLimit(.minutes(4)))
struct SnowflakeEventTests {
    @Test("A sink passes the suite that every sink passes, and no event is there twice")
    func conformance() async throws {
        let fixture = try SnowflakeFixture()
        func payloadOnly(_ payload: String) -> RecordedEvent {
            var batches = TestBatch()
            var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
            event.payload = payload
            return event
        }
        var suite = SinkConformance(
            make: { fixture.sink() }, read: { try fixture.payloads().map(payloadOnly) },
            keeps: { $0.map { payloadOnly($0.payload) } }, interrupt: { try fixture.endChannels() })
        try await suite.all()
        try expectEachOnce(fixture)
    }

    private func expectEachOnce(_ fixture: SnowflakeFixture, _ count: Int? = nil) throws {
        let total = try fixture.sql("SELECT count(*), count(distinct UUID) FROM EVENTS").split(separator: "|")
        #expect(total[0] == total[1], "an event is there twice")
        if let count { #expect(total[0] == "\(count)") }
    }

    struct Trouble: CustomTestStringConvertible {
        var name: String
        var path: String
        var fault: String
        /// Nil where libcurl's second attempt makes up for it.
        var code: SinkFailure.Code?
        var testDescription: String { name }
    }

    @Test(
        "Each event is there once, whatever happens to requests",
        arguments: [
            Trouble(
                name: "429 for rows", path: "/rows",
                fault: #""status":429,"code":"ERR_TOO_MANY","headers":{"Retry-After":"1"},"count":3"#, code: .throttled),
            Trouble(name: "503 for rows", path: "/rows", fault: #""status":503,"count":2"#, code: .unavailable),
            Trouble(
                name: "rows taken, answer lost", path: "/rows", fault: #""after_apply":true,"count":2"#,
                code: .unavailable),
            Trouble(
                name: "rows taken, answer 500", path: "/rows", fault: #""after_apply":true,"status":500,"count":2"#,
                code: .unavailable),
            Trouble(
                name: "connection cut before rows", path: "/rows", fault: #""drop_connection":true,"count":2"#,
                code: .unavailable),
            Trouble(
                name: "rows refused as unauthorized", path: "/rows", fault: #""status":401,"code":"390303","count":2"#,
                code: .unauthorized),
            Trouble(
                name: "status fails", path: "bulk-channel-status", fault: #""status":502,"count":2"#, code: .unavailable
            ),
            Trouble(
                name: "opening fails", path: "/channels/", fault: #""method":"PUT","status":500,"count":2"#,
                code: .unavailable),
            Trouble(
                name: "channel opened, answer lost", path: "/channels/", fault: #""method":"PUT","after_apply":true"#,
                code: nil),
            Trouble(
                name: "no scoped token", path: "oauth/token", fault: #""status":503,"count":2"#, code: .unavailable),
        ])
    func troubles(trouble: Trouble) async throws {
        let fixture = try SnowflakeFixture(try SnowflakeEmulator())
        var batches = TestBatch()
        let sink = fixture.sink()
        // The channel is known to Snowflake before the trouble begins.
        _ = try await fixture.deliver([batches.inserts(3)], by: sink)
        if trouble.path != "/rows" { await sink.close() }
        let second = trouble.path == "/rows" ? sink : fixture.sink()
        try fixture.emulator.fault(trouble.path, trouble.fault)
        let result = try await fixture.deliver(
            [batches.inserts(40), batches.inserts(40)], by: second, opened: trouble.path == "/rows")
        await second.close()
        #expect(result.rejected.isEmpty)
        #expect(result.failures.first?.code == trouble.code, "\(result.failures)")
        for failure in result.failures { #expect(!failure.message.contains("\n")) }
        if trouble.code == .throttled { #expect(result.failures.first?.retryAfter == .seconds(1)) }
        try expectEachOnce(fixture, 83)
    }

    @Test(
        "What came before a promotion is not repeated after it, also where Snowflake has not committed it yet, and what lies behind the switch comes",
        arguments: [SnowflakeSinkSettings.Mode.events, .mirror])
    func promotion(mode: SnowflakeSinkSettings.Mode) async throws {
        let fixture = try SnowflakeFixture()
        let old = SourceIdentity(name: "shop", systemIdentifier: 1, generation: 7)
        let promoted = SourceIdentity(name: "shop", systemIdentifier: 1, generation: 8)
        func batch(_ source: SourceIdentity, _ number: Int, _ note: String) -> EventBatch {
            var maker = TestBatch(systemIdentifier: 1, commit: UInt64(100 + 10 * number))
            maker.source = source
            return maker.transaction([.init(id: number), .init(id: 9, note: note)])
        }
        let first = fixture.sink(mode) { $0.merge.interval = .seconds(3600) }
        _ = try await fixture.deliver([batch(old, 0, "shared")], by: first)
        // Written, and not waited for.
        #expect(await first.write([BatchSlice(batch(old, 1, "also")), BatchSlice(batch(old, 2, "lost"))]).isDelivered)
        // Nothing was acknowledged: all of it comes again, and the new server left the old one's log at 115.
        let second = fixture.sink(mode)
        second.follow(promoted, Predecessor(identity: old, end: 115))
        let batches = (0..<3).map { batch(promoted, $0, "new\($0)") }
        _ = try await fixture.deliver(batches, by: second)
        await second.close()
        if mode == .events {
            let notes = try fixture.sql(
                "SELECT EVENT:payload:note::VARCHAR FROM EVENTS WHERE EVENT:payload:id = 9 ORDER BY 1")
            #expect(notes.split(separator: "\n") == ["also", "lost", "new2", "shared"])
        } else {
            #expect(try fixture.sql("SELECT note FROM items WHERE id = 9") == "new2")
        }
    }

    @Test("A row that Snowflake skips is found and refused, also by a session that follows")
    func skippedRows() async throws {
        let fixture = try SnowflakeFixture()
        var batches = TestBatch()
        let sink = fixture.sink()
        _ = try await fixture.deliver([batches.inserts(2)], by: sink)
        // A table of someone's own making, which does not take the second of three.
        _ = try fixture.sql("ALTER TABLE EVENTS RENAME TO OLD")
        _ = try fixture.sql(
            "CREATE TABLE EVENTS (UUID VARCHAR, RECEIVED_AT TIMESTAMP_TZ, EVENT_SCHEMA VARCHAR, IS_VALID BOOLEAN, OP DATE, TABLE_NAME VARCHAR, COMMIT_LSN VARCHAR, ORDINAL NUMBER(20,0), EVENT VARIANT)"
        )
        let batch = batches.transaction([
            .init(id: 10, operation: .truncate), .init(id: 11, operation: .update), .init(id: 12, operation: .truncate),
        ])
        await sink.close()
        for round in 1...2 {
            let again = fixture.sink()
            let result = try await fixture.deliver([batch], by: again)
            await again.close()
            // Every operation is no date: all three are found missing.
            #expect(result.rejected.map(\.record) == [0, 1, 2], "round \(round)")
            #expect(result.rejections.first?.failure.code == .schemaMismatch)
            for rejection in result.rejections { #expect(!rejection.failure.message.contains("'t'")) }
        }
        let more = batches.inserts(1)
        _ = try fixture.sql("ALTER TABLE EVENTS DROP COLUMN OP")
        _ = try fixture.sql("ALTER TABLE EVENTS ADD COLUMN OP VARCHAR")
        let last = fixture.sink()
        let result = try await fixture.deliver([more], by: last)
        await last.close()
        #expect(result.rejected.isEmpty)
        #expect(try fixture.sql("SELECT count(*) FROM EVENTS") == "1")
    }

    @Test("An event that is too large is refused, and its neighbours arrive")
    func tooLarge() async throws {
        let emulator = try SnowflakeEmulator()
        try emulator.control("POST", "config", #"{"max_rows_bytes":20000}"#)
        let fixture = try SnowflakeFixture(emulator)
        var batches = TestBatch()
        // Noise, which does not compress.
        let noise = String((0..<60_000).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() ?? "a" })
        let batch = batches.transaction([
            .init(id: 1), .init(id: 2, note: noise), .init(id: 3), .init(id: 4), .init(id: 5, note: noise),
        ])
        let sink = fixture.sink()
        let result = try await fixture.deliver([batch, batches.inserts(3)], by: sink)
        await sink.close()
        #expect(result.rejected.map(\.record).sorted() == [1, 4])
        #expect(result.rejections.allSatisfy { $0.failure.code == .tooLarge })
        try expectEachOnce(fixture, 6)
    }

    @Test("Invalid events go to their own table, and dead letters that are written again are there once")
    func invalidAndReplayed() async throws {
        let fixture = try SnowflakeFixture()
        var batches = TestBatch()
        let batch = batches.transaction([.init(id: 1), .init(id: 2, isInvalid: true), .init(id: 3)])
        let sink = fixture.sink { $0.deadletterOutput = "INVALID" }
        #expect(sink.takesInvalidEvents)
        _ = try await fixture.deliver([batch], by: sink)
        await sink.close()
        #expect(try fixture.payloads() == [#"{"id":1,"note":"note"}"#, #"{"id":3,"note":"note"}"#])
        #expect(try fixture.payloads("INVALID") == [#"{"id":2,"note":"note"}"#])
        let other = batches.inserts(2)
        for _ in 1...2 {
            let replay = fixture.sink {
                $0.deadletterOutput = "INVALID"
                $0.isReplay = true
            }
            _ = try await fixture.deliver([batch, other], by: replay)
            await replay.close()
        }
        try expectEachOnce(fixture, 4)
        #expect(try fixture.payloads("INVALID").count == 1)
    }

    @Test("What is used of the account is counted")
    func usage() async throws {
        let fixture = try SnowflakeFixture()
        let metrics = MetricsRegistry()
        var batches = TestBatch()
        let sink = fixture.sink(metrics: metrics)
        _ = try await fixture.deliver([batches.inserts(2)], by: sink)
        await sink.close()
        let text = metrics.exposition()
        #expect(text.contains(#"buz_snowflake_append_requests_total{sink="warehouse"} 1"#))
        #expect(text.contains(#"buz_snowflake_warehouse_milliseconds_total{sink="warehouse"} 0"#))
        #expect(!text.contains(#"buz_snowflake_statements_total{sink="warehouse"} 0"#))
        let figures = Dictionary(uniqueKeysWithValues: sink.usage.map { ($0.key, $0.value) })
        #expect(figures["appendRequests"] == 1 && figures["warehouseMilliseconds"] == 0 && figures["merges"] == 0)
        #expect((figures["streamedBytes"] ?? 0) > 100 && (figures["statements"] ?? 0) > 0)
    }
}
