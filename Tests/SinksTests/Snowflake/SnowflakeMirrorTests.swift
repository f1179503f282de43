import CoreIngest
import Glibc
import SinkTesting
import TestServers
import Testing

@testable import Sinks

@Suite("Snowflake sink: mirrors", .serialized, .enabled(if: SnowflakeEmulator.isInstalled), .timeLimit(.minutes(4)))
struct SnowflakeMirrorTests {
    @Test("A sink passes the suite that every sink passes")
    func conformance() async throws {
        let fixture = try SnowflakeFixture()
        func payloadOnly(_ payload: String) -> RecordedEvent {
            var batches = TestBatch()
            var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
            event.payload = payload
            return event
        }
        var suite = SinkConformance(
            make: { fixture.sink(.mirror) },
            read: {
                try fixture.settleMerges()
                return try fixture.sql(
                    "SELECT '{\"id\":' || ID || ',\"note\":' || to_json(NOTE) || '}' FROM ITEMS ORDER BY ID"
                )
                .split(separator: "\n").map { payloadOnly(String($0)) }
            },
            keeps: { events in
                // The last state of each row.
                var rows: [String: String] = [:]
                for event in events { rows[event.key] = event.payload }
                func id(_ key: String) -> Int { Int(key.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0 }
                return rows.sorted { id($0.key) < id($1.key) }.map { payloadOnly($0.value) }
            }, interrupt: { try fixture.endChannels() })
        try await suite.keepsOrder()
        try await suite.takesLargeEvents()
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
    }

    private func rows(_ fixture: SnowflakeFixture) throws -> [String] {
        try fixture.sql("SELECT ID, NOTE FROM ITEMS ORDER BY ID").split(separator: "\n").map(String.init)
    }

    @Test("The newest state of each row counts: deletes, truncation, a snapshot in between")
    func newest() async throws {
        let fixture = try SnowflakeFixture()
        var batches = TestBatch()
        let sink = fixture.sink(.mirror)
        let first = batches.transaction([
            .init(id: 1, note: "a"), .init(id: 2, note: "b"), .init(id: 1, operation: .update, note: "c"),
            .init(id: 2, operation: .delete), .init(id: 3, note: "d"), .init(id: 3, operation: .delete),
            .init(id: 3, note: "e"),
        ])
        _ = try await fixture.deliver([first], by: sink)
        await sink.close()
        #expect(try rows(fixture) == ["1|c", "3|e"])
        let second = fixture.sink(.mirror)
        let truncated = batches.transaction([
            .init(id: 4, note: "f"), .init(id: 0, operation: .truncate), .init(id: 5, note: "g"),
        ])
        _ = try await fixture.deliver([truncated], by: second)
        await second.close()
        #expect(try rows(fixture) == ["5|g"])
        let third = fixture.sink(.mirror)
        let snapshot = batches.transaction([
            .init(id: 1, operation: .snapshotBegin), .init(id: 8, operation: .read, note: "h"),
            .init(id: 1, operation: .snapshotEnd), .init(id: 8, operation: .update, note: "i"),
        ])
        _ = try await fixture.deliver([snapshot], by: third)
        await third.close()
        #expect(try rows(fixture) == ["8|i"])
    }

    @Test(
        "A merge that fails or whose answer is lost is done again, and nothing twice",
        arguments: [
            #""status":503,"count":9"#, #""after_apply":true,"count":2"#, #""after_apply":true,"status":504,"count":6"#,
            #""status":422,"code":"000606","message":"No active warehouse","count":1"#,
            #""status":401,"code":"390318","count":2"#, #""status":429,"headers":{"Retry-After":"1"},"count":2"#,
        ])
    func troubles(fault: String) async throws {
        let fixture = try SnowflakeFixture(try SnowflakeEmulator())
        var batches = TestBatch()
        let first = fixture.sink(.mirror)
        _ = try await fixture.deliver([batches.inserts(5)], by: first)
        await first.close()
        let sink = fixture.sink(.mirror) { $0.merge.interval = .milliseconds(1) }
        _ = try await sink.open()
        try fixture.emulator.fault("statements", fault)
        let changes = (1...5).map { TestBatch.Change(id: $0, operation: .update, note: "new") }
        let result = try await fixture.deliver(
            [batches.transaction(changes), batches.inserts(5)], by: sink, opened: true)
        await sink.close()
        try fixture.emulator.control("DELETE", "faults")
        let last = fixture.sink(.mirror)
        _ = try await fixture.deliver([batches.inserts(1)], by: last)
        await last.close()
        for failure in result.failures { #expect(!failure.message.contains("\n")) }
        #expect(try rows(fixture) == (1...5).map { "\($0)|new" } + (6...11).map { "\($0)|note" })
    }

    @Test("Statements that bring a change twice change nothing the second time")
    func twice() throws {
        let staging = SnowflakeStaging(schema: "S", sink: "w")
        let texts = MergeStatements(
            staging: staging, source: "it's", target: SnowflakeTable(schema: "S", name: "T"),
            columns: [
                PresentColumn(name: "ID", type: "NUMBER(38,0)", isKey: false),
                PresentColumn(name: "A \"B", type: "VARIANT", isKey: false),
            ], key: ["ID"])
        let merge = texts.merge(upTo: "9", truncation: "5")
        #expect(merge.first == "BEGIN" && merge.last == "COMMIT" && merge.count == 5)
        #expect(merge[1].contains("DELETE FROM \"S\".\"T\" WHERE (SELECT MAX(APPLIED)"))
        #expect(merge[2].contains("SOURCE = 'it''s'"))
        #expect(merge[2].contains("\"A \"\"B\""))
        #expect(merge[2].contains("CELLS['A%20%22B']"))
        #expect(merge[3].contains("AND APPLIED < '9'"))
    }

    @Test("Dead letters that are written again reach their mirror")
    func replay() async throws {
        let fixture = try SnowflakeFixture()
        var batches = TestBatch()
        let late = batches.inserts(1, note: "late")
        let sink = fixture.sink(.mirror)
        _ = try await fixture.deliver([batches.inserts(2)], by: sink)
        await sink.close()
        let replay = fixture.sink(.mirror) { $0.isReplay = true }
        _ = try await fixture.deliver([late], by: replay)
        await replay.close()
        #expect(try rows(fixture) == ["1|late", "2|note", "3|note"])
    }
}

extension SnowflakeFixture {
    /// Waits until nothing is staged any more.
    func settleMerges() throws {
        try eventually(within: 30, "staged changes are not merged") {
            try sql("SELECT count(*) FROM BUZ_STAGING_WAREHOUSE") == "0"
        }
    }
}
