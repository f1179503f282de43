import CoreIngest
import SinkTesting
import Synchronization
import TestServers
import Testing

@testable import Sinks

extension BigQueryTests {
    @Suite("BigQuery: events, exactly once", .timeLimit(.minutes(5)))
    struct BigQueryCommittedTests {
        let stand: BigQueryStand
        let state: StateStore
        private let folder: TemporaryFolder
        var batches = TestBatch()

        init() throws {
            stand = try BigQueryStand()
            folder = try TemporaryFolder("buzappends")
            state = try StateStore(try StateDirectory(path: folder.path, exclusive: false))
        }

        /// An instance of the program, as far as the sink goes: the next one has the same state.
        private func sink(_ change: (inout BigQuerySinkSettings) -> Void = { _ in }) -> BigQuerySink {
            stand.sink {
                $0.write = .committed
                $0.state = state
                $0.requestTimeout = .seconds(10)
                change(&$0)
            }
        }

        private func ids(_ table: String = "events") throws -> [String] {
            try stand.emulator.column(
                "SELECT JSON_VALUE(event, '$.payload.id') FROM \(stand.name(table)) ORDER BY position")
        }

        private func numbers(_ range: ClosedRange<Int>) -> [String] { range.map { "\($0)" } }

        private func append(_ fault: String, times: Int = 1) throws {
            try stand.emulator.setFaults(
                #"{"grpc":[{"method":"AppendRows","code":"UNAVAILABLE","times":\#(times)\#(fault)}]}"#)
        }

        @Test("A request whose answer was lost is known by its offset when it comes again")
        mutating func lostAnswers() async throws {
            let sink = sink()
            _ = try await sink.open()
            let streams = try stand.emulator.seen("CreateWriteStream")
            for _ in 0..<3 {
                let batch = batches.inserts(10)
                try append(#","after":true"#, times: 2)
                for _ in 0..<2 {
                    let failure = try #require(await sink.write([BatchSlice(batch)]).failure)
                    #expect(failure.code == .unavailable && !failure.reopen)
                }
                stand.expectDelivered(await sink.write([BatchSlice(batch)]))
                try await sink.flush()
            }
            #expect(try ids() == numbers(1...30))
            #expect(try stand.emulator.seen("CreateWriteStream") == streams + 1)
            await sink.close()
        }

        @Test(
            "After a kill, and where events come cut in another way, each is there once",
            arguments: [#","after":true"#, ""], [false, true])
        mutating func kills(fault: String, sameProcess: Bool) async throws {
            let first = sink()
            _ = try await first.open()
            let (one, two, three) = (batches.inserts(10), batches.inserts(10), batches.inserts(10))
            stand.expectDelivered(await first.write([BatchSlice(one), BatchSlice(two, range: 0..<5)]))
            try append(fault)
            #expect(await first.write([BatchSlice(two, range: 5..<10)]).failure != nil)
            if !sameProcess { await first.close() }
            let second = sameProcess ? first : sink()
            let known = sameProcess ? [:] : try await second.open()
            if !sameProcess {
                let last = two.records[fault.isEmpty ? 4 : 9].position
                #expect(known == [batches.source: last])
            }
            stand.expectDelivered(
                await second.write([BatchSlice(one, range: 7..<10), BatchSlice(two), BatchSlice(three, range: 0..<1)]))
            stand.expectDelivered(await second.write([BatchSlice(three)]))
            #expect(try ids() == numbers(1...30))
            await second.close()
        }

        @Test(
            "A stream that is gone or ended is replaced, and the table is asked for what it had",
            arguments: ["forget", "finalize"], [#","after":true"#, "", nil] as [String?])
        mutating func streams(action: String, fault: String?) async throws {
            let first = sink()
            _ = try await first.open()
            let batch = batches.inserts(20)
            stand.expectDelivered(await first.write([BatchSlice(batch, range: 0..<10)]))
            if let fault {
                try append(fault)
                #expect(await first.write([BatchSlice(batch, range: 10..<20)]).failure != nil)
            }
            try stand.emulator.streams(action)
            let outcome = await first.write([BatchSlice(batch, range: 10..<20)])
            let failure = try #require(outcome.failure)
            #expect(failure.code == .unavailable && failure.reopen, "\(failure)")
            _ = try await first.open()
            stand.expectDelivered(await first.write([BatchSlice(batch, range: 10..<20)]))
            #expect(try ids() == numbers(1...20))
            await first.close()
        }

        @Test("A stream that had no rows for a day is not used again, so that nobody has to ask for it")
        mutating func idle() async throws {
            let later = Atomic<Int>(0)
            let sink = sink {
                $0.now = { [start = ContinuousClock.now] in
                    start + .seconds(later.load(ordering: .relaxed))
                }
            }
            _ = try await sink.open()
            let streams = try stand.emulator.seen("CreateWriteStream")
            for number in 0..<3 {
                later.store([0, 80_000, 170_000][number], ordering: .relaxed)
                if number == 2 { try stand.emulator.streams("forget") }
                stand.expectDelivered(await sink.write([BatchSlice(batches.inserts(2))]))
                try await sink.flush()
            }
            #expect(try stand.emulator.seen("CreateWriteStream") == streams + 2)
            #expect(try ids() == numbers(1...6))
            await sink.close()
        }

        @Test("A stream that does not have the rows that were counted is an error that says what to do")
        mutating func miscount() async throws {
            let sink = sink()
            _ = try await sink.open()
            stand.expectDelivered(await sink.write([BatchSlice(batches.inserts(5))]))
            try stand.emulator.streams("lose")
            let batch = batches.inserts(5)
            let beyond = try #require(await sink.write([BatchSlice(batch)]).failure)
            #expect(beyond.reopen, "\(beyond)")
            let error = await #expect(throws: SinkFailure.self) { _ = try await sink.open() }
            #expect(
                error?.code == .misconfigured
                    && error?.message.contains(
                        "DELETE FROM state WHERE key = 'appends/warehouse/projects/test-project/datasets/\(stand.dataset)/tables/events'"
                    ) == true, "\(error)")
            try state.remove(
                "appends/warehouse/projects/test-project/datasets/\(stand.dataset)/tables/events")
            _ = try await sink.open()
            stand.expectDelivered(await sink.write([BatchSlice(batch)]))
            #expect(try ids() == numbers(1...10))
            await sink.close()
        }

        @Test("Events that are refused are told again after a kill, and those beside them are not appended again")
        mutating func refusals() async throws {
            let first = sink { $0.deadletterOutput = "invalid" }
            _ = try await first.open()
            let huge = String(repeating: "x", count: 10_000_000)
            let batch = batches.transaction([
                .init(id: 1), .init(id: 2, note: huge), .init(id: 3), .init(id: 4, isInvalid: true), .init(id: 5),
                .init(id: 6, note: huge), .init(id: 7),
            ])
            func refused(_ outcome: WriteOutcome) -> [Int] {
                guard case .rejected(let rejections) = outcome else { return [] }
                return rejections.map(\.record)
            }
            #expect(refused(await first.write([BatchSlice(batch, range: 0..<3)])) == [1])
            #expect(refused(await first.write([BatchSlice(batch, range: 3..<7)])) == [5])
            await first.close()
            // Before the dead letters of the last write were stored.
            let second = sink { $0.deadletterOutput = "invalid" }
            _ = try await second.open()
            #expect(refused(await second.write([BatchSlice(batch, range: 2..<6)])) == [5])
            let next = batches.transaction([.init(id: 8), .init(id: 9, isInvalid: true)])
            stand.expectDelivered(await second.write([BatchSlice(batch, range: 6..<7), BatchSlice(next)]))
            stand.expectDelivered(await second.write([BatchSlice(batch, range: 2..<5), BatchSlice(next)]))
            #expect(try ids() == ["1", "3", "5", "7", "8"])
            #expect(try ids("invalid") == ["4", "9"])
            await second.close()
        }

        @Test(
            "Whatever comes of kills, faults and lost streams, every event is there once",
            arguments: 1...3 as ClosedRange<UInt64>)
        mutating func walk(seed: UInt64) async throws {
            var generator = SeededGenerator(seed: seed)
            let all = (0..<12).map { _ in batches.inserts(Int.random(in: 1...9, using: &generator)) }
            let total = all.reduce(0) { $0 + $1.records.count }
            var sink = sink()
            _ = try await sink.open()
            // What is acknowledged: from there on everything comes again.
            var acknowledged = 0
            var written = 0
            var steps = 0
            while acknowledged < all.count {
                steps += 1
                try #require(steps < 400)
                switch Int.random(in: 0..<12, using: &generator) {
                case 0: try append(#","after":true"#)
                case 1: try append("")
                case 2: try stand.emulator.streams(Bool.random(using: &generator) ? "forget" : "finalize")
                case 3:
                    try stand.emulator.setFaults(
                        #"{"grpc":[{"method":"FinalizeWriteStream","code":"UNAVAILABLE","after":true},{"method":"CreateWriteStream","code":"RESOURCE_EXHAUSTED"}]}"#
                    )
                case 4:
                    await sink.close()
                    sink = self.sink()
                    written = acknowledged
                    guard (try? await sink.open()) != nil else { continue }
                case 5:
                    guard (try? await sink.flush()) != nil else { continue }
                    acknowledged = written
                default:
                    let end = min(all.count, written + Int.random(in: 1...3, using: &generator))
                    if written == end {
                        if (try? await sink.flush()) != nil { acknowledged = written }
                        continue
                    }
                    let outcome = await sink.write(all[written..<end].map { BatchSlice($0) })
                    if case .delivered = outcome {
                        written = end
                    } else if let failure = outcome.failure {
                        guard failure.reopen else { continue }
                        written = acknowledged
                        while (try? await sink.open()) == nil { try stand.emulator.setFaults("{}") }
                    } else {
                        Issue.record("\(outcome)")
                    }
                }
            }
            #expect(try ids() == numbers(1...total), "seed \(seed)")
            await sink.close()
        }
    }
}

@Suite("BigQuery: what is written down of appends")
struct AppendRecordTests {
    @Test("A record is read as it was written")
    func roundTrip() {
        let source = SourceIdentity(name: "a shop = ü", systemIdentifier: .max, generation: 7)
        var positions = AppendedPositions()
        positions.append(Position(commit: 100, ordinal: .max), of: source)
        positions.append(Position(commit: 7, ordinal: 0), of: SourceIdentity(name: "b", systemIdentifier: 1))
        var after = positions
        after.refuse(Position(commit: 101, ordinal: 1), of: source)
        after.refuse(Position(commit: 101, ordinal: 2), of: source)
        after.append(Position(commit: 101, ordinal: 3), of: source)
        var record = AppendRecord(stream: "projects/p/streams/x", offset: 12, positions: positions)
        #expect(AppendRecord(record.text) == record)
        record.pending = .init(
            rows: 3,
            last: .init(source: source, position: Position(commit: 101, ordinal: 3), receivedAt: -5), after: after)
        #expect(AppendRecord(record.text) == record)
        #expect(AppendRecord(AppendRecord().text) == AppendRecord())
    }

    @Test(
        "What is not a record is none",
        arguments: [
            "", "format=2\n", "format=1\nstream\n", "format=1\noffset=-1\n", "format=1\nrows=2\n",
            "format=1\nstream=s\nappended=1 2 3 - shop\n", "format=1\nwhat=1\n", "format=1\nappended=1 2 3/4 5 shop\n",
        ])
    func malformed(text: String) { #expect(AppendRecord(text) == nil) }
}
