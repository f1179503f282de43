import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

extension BigQueryTests {
    @Suite("BigQuery: events", .timeLimit(.minutes(3)))
    struct BigQueryEventTests {
        let stand: BigQueryStand
        var batches = TestBatch()

        init() throws { stand = try BigQueryStand() }

        private func payloads(_ table: String = "events") throws -> [String] {
            try stand.emulator.column(
                "SELECT JSON_VALUE(event, '$.payload.id') FROM \(stand.name(table)) ORDER BY position")
        }

        @Test("An event is a row whose columns say what it is, in a table that is made partitioned and clustered")
        mutating func columns() async throws {
            let sink = stand.sink()
            _ = try await sink.open()
            let batch = batches.transaction([.init(id: 7, note: "ü\u{1F600}\"\\\n"), .init(id: 8, operation: .delete)])
            stand.expectDelivered(await sink.write([BatchSlice(batch)]))
            try await sink.flush()
            let rows = try stand.emulator.rows(
                """
                SELECT uuid, schema, is_valid, op, table_name, source, position, JSON_VALUE(event, '$.payload.note'),
                  TIMESTAMP_DIFF(received_at, occurred_at, SECOND) FROM \(stand.name("events")) ORDER BY position
                """)
            #expect(rows.count == 2)
            #expect(
                rows.first?.dropFirst(1).prefix(6).map { $0 } == [
                    "iglu:com.example/public_items/jsonschema/1-0-0", "true", "c", "public.items", "shop@1",
                    "0000000000000064/0000000000000000",
                ])
            #expect(rows.first?[7] == "ü\u{1F600}\"\\ ")
            #expect(rows.last?[3] == "d")
            let table = try stand.table("GET", "events")
            #expect(table.contains(#""timePartitioning": {"field": "received_at", "type": "DAY"}"#))
            #expect(table.contains(#""clustering": {"fields": ["table_name", "op"]}"#))
            await sink.close()
        }

        @Test("Invalid events go to their own table, and a table that lacks columns is given them")
        mutating func invalidEvents() async throws {
            _ = try stand.table(
                "POST", "",
                #"{"tableReference":{"tableId":"bad"},"schema":{"fields":[{"name":"UUID","type":"STRING"},{"name":"mine","type":"INTEGER"}]}}"#
            )
            let sink = stand.sink { $0.deadletterOutput = "bad" }
            _ = try await sink.open()
            let batch = batches.transaction([.init(id: 1), .init(id: 2, isInvalid: true)])
            stand.expectDelivered(await sink.write([BatchSlice(batch)]))
            #expect(try payloads() == ["1"])
            #expect(try payloads("bad") == ["2"])
            await sink.close()
        }

        @Test("A write of more than a request may have is split, and only the event that is too large is refused")
        mutating func sizes() async throws {
            let sink = stand.sink()
            _ = try await sink.open()
            let large = String(repeating: "x", count: 4_000_000)
            let batch = batches.transaction([
                .init(id: 1, note: large), .init(id: 2, note: large), .init(id: 3, note: large + large + large),
                .init(id: 4, note: large),
            ])
            guard case .rejected(let rejections) = await sink.write([BatchSlice(batch)]) else {
                Issue.record("nothing was refused")
                return
            }
            #expect(rejections.map(\.record) == [2])
            #expect(rejections.first?.failure.code == .tooLarge)
            #expect(try payloads() == ["1", "2", "4"])
            await sink.close()
        }

        @Test(
            "Failures of the way there are told by class, and the same call again delivers",
            arguments: [
                ("UNAVAILABLE", SinkFailure.Code.unavailable), ("INTERNAL", .unavailable),
                ("RESOURCE_EXHAUSTED", .throttled),
                ("PERMISSION_DENIED", .unauthorized), ("UNAUTHENTICATED", .unauthorized), ("NOT_FOUND", .unavailable),
            ])
        mutating func faults(code: String, expected: SinkFailure.Code) async throws {
            let sink = stand.sink()
            _ = try await sink.open()
            // More than a connection's window, so that the server answers before it was sent.
            let batch = batches.inserts(3, note: String(repeating: "n", count: 1_000_000))
            // Of every method, until the faults are taken away: what is said to the rows themselves may be lost.
            try stand.emulator.setFaults(#"{"grpc":[{"code":"\#(code)","times":100}]}"#)
            guard case .failed(let failure) = await sink.write([BatchSlice(batch)]) else {
                Issue.record("did not fail")
                return
            }
            #expect(failure.code == expected)
            #expect(failure.message.hasPrefix("bigquery sink warehouse: "))
            #expect(!failure.message.contains("\n"))
            try stand.emulator.setFaults("{}")
            stand.expectDelivered(await sink.write([BatchSlice(batch)]))
            #expect(try payloads() == ["1", "2", "3"])
            await sink.close()
        }

        @Test("A destination that is silent is left after the request's time")
        mutating func silence() async throws {
            let sink = stand.sink { $0.requestTimeout = .seconds(1) }
            _ = try await sink.open()
            let batch = batches.inserts(1)
            try stand.emulator.setFaults(#"{"grpc":[{"method":"AppendRows","code":"UNAVAILABLE","hang":true}]}"#)
            guard case .failed(let failure) = await sink.write([BatchSlice(batch)]) else {
                Issue.record("did not fail")
                return
            }
            #expect(failure.code == .unavailable)
            stand.expectDelivered(await sink.write([BatchSlice(batch)]))
            await sink.close()
        }

        @Test("A dataset that is not there is named with the command that makes it, and so is a quota")
        func opening() async throws {
            let wrong = stand.sink { $0.dataset = "nowhere" }
            let error = await #expect(throws: SinkFailure.self) { _ = try await wrong.open() }
            #expect(error?.code == .misconfigured)
            #expect(error?.message.contains("bq mk --dataset test-project:nowhere") == true)
            try stand.emulator.setFaults(
                #"{"rest":[{"path":"datasets/\#(stand.dataset)$","status":403,"reason":"quotaExceeded"}]}"#)
            let sink = stand.sink()
            let quota = await #expect(throws: SinkFailure.self) { _ = try await sink.open() }
            #expect(quota?.code == .throttled)
            _ = try await sink.open()
            await sink.close()
        }

        @Test(
            "An answer that is lost leaves no repeats where the way of writing promises none",
            arguments: ["insertAll", "load"])
        mutating func lostAnswers(way: String) async throws {
            let sink = stand.sink { $0.write = way == "load" ? .load : .insertAll }
            _ = try await sink.open()
            let batch = batches.inserts(50)
            try stand.emulator.setFaults(
                #"{"rest":[{"path":"POST .*(insertAll|/jobs)$","status":503,"after":true},{"path":"POST .*(insertAll|/jobs)$","status":429,"reason":"rateLimitExceeded"}]}"#
            )
            var failures: [SinkFailure.Code] = []
            for _ in 0..<3 {
                if case .failed(let failure) = await sink.write([BatchSlice(batch)]) {
                    failures.append(failure.code)
                    continue
                }
                do throws(SinkFailure) { try await sink.flush() } catch { failures.append(error.code) }
            }
            #expect(failures == [.unavailable, .throttled])
            #expect(try payloads() == (1...50).map { "\($0)" })
            await sink.close()
        }

        @Test(
            "The shared suite of sinks passes, whatever the way of writing",
            arguments: ["storage", "committed", "insertAll", "load"])
        func conformance(way: String) async throws {
            func payload(_ text: String) -> RecordedEvent {
                var record = EventRecord()
                record.operation = .none
                var batches = TestBatch()
                var event = RecordedEvent(record, of: batches.transaction([]))
                event.payload = text
                return event
            }
            let folder = try TemporaryFolder("buzappends")
            let state = try StateStore(try StateDirectory(path: folder.path, exclusive: false))
            var suite = SinkConformance(
                make: {
                    stand.sink {
                        $0.format = .row
                        $0.state = state
                        $0.write = BigQuerySinkSettings.Write(rawValue: way) ?? .storage
                    }
                },
                read: {
                    let table = stand.name("events")
                    guard try stand.table("GET", "events").contains("bigquery#table") else { return [] }
                    return try stand.emulator.column("SELECT event FROM \(table) ORDER BY position").map { payload($0) }
                },
                keeps: { $0.map { payload($0.payload) } })
            try await suite.all()
        }
    }
}
