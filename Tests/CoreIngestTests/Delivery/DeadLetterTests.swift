import SinkTesting
import Synchronization
import Testing

@testable import CoreIngest

@Suite struct DeadLetterTests {
    let folder: TemporaryFolder
    let state: StateDirectory
    let store: DeadLetterStore
    let renderer = EventRenderer(instance: .init(name: "test", environment: "test", version: "0"))

    init() throws {
        folder = try TemporaryFolder()
        state = try StateDirectory(path: folder.path, exclusive: false)
        store = try DeadLetterStore(state, sink: "lake house")
    }

    private func letters(_ batch: EventBatch, error: String = "value 42 is too large") -> [DeadLetter] {
        batch.records.indices.map {
            DeadLetter(batch: batch, record: $0, reason: .rejected, code: "tooLarge", error: error, attempts: 1)
        }
    }

    @Test func anEventIsKeptWithItsReasonAndItsEnvelope() throws {
        var batches = TestBatch()
        try store.insert(letters(batches.inserts(1)), renderer: renderer)
        let entry = try #require(try store.entries().first)
        #expect(store.path.hasSuffix("/deadletters/lake%20house.sqlite"))
        #expect(entry.reason == "rejected")
        #expect(entry.code == "tooLarge")
        #expect(entry.position == "0/64+0")
        #expect(entry.stream == "public.items")
        #expect(entry.schema == "iglu:com.example/public_items/jsonschema/1-0-0")
        #expect(entry.envelope.contains("\"note\":\"note\""))
        #expect(entry.uuid == "00000000-0064-8000-8000-000000000001")
    }

    @Test func theSameEventTwiceIsOneRowWithMoreAttempts() throws {
        var batches = TestBatch()
        let batch = batches.inserts(2)
        try store.insert(letters(batch), renderer: renderer)
        try store.insert(letters(batch), renderer: renderer)
        #expect(try store.entries().map(\.attempts) == [2, 2])
        #expect(store.count == 2)
    }

    @Test("An event that does not fit a row is kept in parts, and read, replayed and discarded as any other")
    func largeEvents() async throws {
        let parts = try DeadLetterStore(state, sink: "parts", partBytes: 100)
        func partsLeft() throws -> Int64? {
            try parts.database.withLock { try $0.integer("SELECT count(*) FROM dead_letter_parts") }
        }
        var batches = TestBatch()
        let large = batches.transaction(
            (0..<3).map { .init(id: $0, note: String(repeating: "long ", count: 500 + $0)) })
        try store.insert(letters(large), renderer: renderer)
        try parts.insert(letters(large), renderer: renderer)
        #expect(try parts.entries().map(\.envelope) == store.entries().map(\.envelope))
        let inParts = try #require(try partsLeft())
        #expect(inParts > 150)
        #expect(
            try parts.database.withLock { try $0.integer("SELECT max(length(bytes)) FROM dead_letter_parts") } == 100)
        // What fails again has its parts already.
        try parts.insert(letters(large), renderer: renderer)
        #expect(try parts.entries().map(\.attempts) == [2, 2, 2])
        #expect(try partsLeft() == inParts)

        let uuid = try #require(try parts.entries().first?.uuid)
        #expect(try parts.discard(DeadLetterFilter(uuid: uuid)) == 1)
        #expect(try #require(try partsLeft()) < inParts)
        let sink = RecordingSink()
        let result = try await DeadLetterReplay(store: parts, sink: sink).run(DeadLetterFilter())
        #expect(result.delivered == 2 && result.unreadable == 0)
        #expect(
            sink.events.map(\.payload) == RecordedEvent.events(of: [BatchSlice(large, range: 1..<3)]).map(\.payload))
        #expect(try partsLeft() == 0)
    }

    @Test func aMillionFailuresReadAsOneLine() throws {
        var batches = TestBatch()
        for value in [1, 22, 333] {
            try store.insert(
                letters(batches.inserts(1), error: "value \(value) of 'a\(value)' is too large"), renderer: renderer)
        }
        try store.insert(letters(batches.inserts(1), error: "no such column"), renderer: renderer)
        let groups = try store.summaries()
        #expect(groups.map(\.count) == [3, 1])
        #expect(try store.entries(DeadLetterFilter(group: groups[0].group)).count == 3)
        #expect(try store.entries(DeadLetterFilter(limit: 2)).count == 2)
        #expect(try store.entries(DeadLetterFilter(reason: .poison)).isEmpty)
    }

    @Test(arguments: [
        ("value 42 is too large", "value # is too large"), ("column 'a b' of \"T\"", "column '…' of '…'"),
        ("id 6f1c-22aa missing", "id # missing"), ("no digits here", "no digits here"),
    ])
    func errorsAreComparedWithoutTheirValues(error: String, expected: String) {
        #expect(DeadLetterGroup.normalised(error) == expected)
    }

    @Test func discardedRowsAreGone() throws {
        var batches = TestBatch()
        try store.insert(letters(batches.inserts(5)), renderer: renderer)
        #expect(try store.discard(DeadLetterFilter(limit: 2)) == 2)
        #expect(store.count == 3)
        #expect(try store.discard(DeadLetterFilter()) == 3)
        #expect(try store.recount() == 0)
    }

    @Test func aFullStoreTakesNoMore() throws {
        let small = try DeadLetterStore(state, sink: "small", maxBytes: 60_000)
        var batches = TestBatch()
        let error = #expect(throws: StateError.self) {
            for _ in 0..<1000 { try small.insert(letters(batches.inserts(10)), renderer: renderer) }
        }
        #expect(error?.code == .diskFull)
        #expect(small.count > 0)
    }

    @Test func replayDeliversTheEventsAsTheyWere() async throws {
        var batches = TestBatch()
        let batch = batches.inserts(450, note: "a \"note\"")
        try store.insert(letters(batch), renderer: renderer)
        let sink = RecordingSink()
        let result = try await DeadLetterReplay(store: store, sink: sink).run(DeadLetterFilter())
        #expect(result.delivered == 450)
        #expect(sink.events == RecordedEvent.events(of: [BatchSlice(batch)]))
        #expect(sink.closes == 1)
        #expect(store.count == 0)
    }

    @Test(arguments: [FaultySink.Refusal.whole, .named])
    func replayKeepsWhatIsRefusedAgain(refusal: FaultySink.Refusal) async throws {
        var batches = TestBatch()
        try store.insert(letters(batches.inserts(5)), renderer: renderer)
        let sink = FaultySink()
        sink.poison(refusal) { $0.key == "{\"id\":3}" }
        let result = try await DeadLetterReplay(store: store, sink: sink).run(DeadLetterFilter())
        #expect(result.delivered == 4)
        #expect(result.failed == 1)
        let left = try store.entries()
        #expect(left.map(\.attempts) == [2])
        #expect(left.first?.code == "malformed")
        #expect(left.first?.envelope.contains("\"id\":3") == true)
    }

    @Test func aSinkThatIsDownLosesNothingInReplay() async throws {
        var batches = TestBatch()
        try store.insert(letters(batches.inserts(3)), renderer: renderer)
        let sink = FaultySink()
        sink.scriptFlushes(.fail(SinkFailure(.unavailable, "down")))
        await #expect(throws: SinkFailure.self) {
            _ = try await DeadLetterReplay(store: store, sink: sink).run(DeadLetterFilter())
        }
        #expect(store.count == 3)
        #expect(sink.recording.closes == 1)
    }

    @Test(
        "An event that was set aside for its schema is kept without that verdict, so that a replay delivers it unchanged",
        arguments: [
            (EventRecord.Flags.schemaUnavailable, DeadLetterClass.schemaUnavailable), (.schemaHeld, .schemaChange),
        ])
    func setAside(flag: EventRecord.Flags, reason: DeadLetterClass) async throws {
        var batches = TestBatch()
        let whole = batches.inserts(1)
        var builder = EventBatchBuilder(capacity: 64)
        var record = whole.records[0]
        record.stream = builder.index(of: whole.stream(of: record))
        record.transaction = .max
        builder.arena.append(whole.bytes(of: record.payload))
        record.payload = ByteRange(from: 0, to: builder.arena.count)
        record.key = .none
        record.before = .none
        let start = builder.arena.count
        builder.arena.append(text: #"{"message":"down"}"#)
        record.validationError = ByteRange(from: start, to: builder.arena.count)
        record.flags.insert([.invalid, flag])
        builder.append(record)
        let batch = builder.seal(source: whole.source, acknowledge: 0, receivedAt: 0)
        let letter = DeadLetter(
            batch: batch, record: 0, reason: reason, code: reason.rawValue, error: "down", attempts: 1)
        try store.insert([letter], renderer: renderer)
        #expect(try store.entries(DeadLetterFilter(reason: reason)).count == 1)
        let stored = try #require(try store.stored(DeadLetterFilter(), after: 0, count: 1).first?.batch)
        #expect(!stored.records[0].isInvalid)
        #expect(!stored.records[0].flags.contains(flag))
        #expect(stored.records[0].validationError.isEmpty)
        #expect(stored.text(of: stored.records[0].payload) == whole.text(of: whole.records[0].payload))
        #expect(stored.records[0].uuidLow == whole.records[0].uuidLow)
    }
}

@Suite struct StateTests {
    @Test func twoInstancesRefuseEachOther() throws {
        let folder = try TemporaryFolder()
        let first = try StateDirectory(path: folder.path + "/a/b", exclusive: true)
        let error = #expect(throws: StateError.self) {
            _ = try StateDirectory(path: folder.path + "/a/b", exclusive: true)
        }
        #expect(error?.code == .locked)
        #expect(error?.message.contains(first.path) == true)
        _ = try StateDirectory(path: folder.path + "/a/b", exclusive: false)
    }

    @Test func theLockGoesWithItsInstance() throws {
        let folder = try TemporaryFolder()
        do { _ = try StateDirectory(path: folder.path, exclusive: true) }
        _ = try StateDirectory(path: folder.path, exclusive: true)
    }

    @Test func aPathThatIsAFileIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try StateStore(StateDirectory(path: folder.path, exclusive: false))
        #expect(throws: StateError.self) {
            _ = try StateDirectory(path: folder.path + "/state.sqlite", exclusive: false)
        }
    }

    @Test func valuesOutliveTheStore() throws {
        let folder = try TemporaryFolder()
        let directory = try StateDirectory(path: folder.path, exclusive: false)
        do {
            let store = try StateStore(directory)
            #expect(try store.read("a") == nil)
            try store.write("a", [1, 2, 0, 255])
            try store.write("a", [3])
            try store.write("empty", [])
            try store.write("gone", [9])
            try store.remove("gone")
        }
        let store = try StateStore(directory)
        #expect(try store.read("a") == [3])
        #expect(try store.read("empty") == [])
        #expect(try store.read("gone") == nil)
    }

    @Test(arguments: [("lake", "lake"), ("a/../b", "a%2F%2E%2E%2Fb"), ("ü", "%C3%BC")])
    func namesBecomeFileNamesThatCannotLeaveTheFolder(name: String, expected: String) {
        #expect(StateDirectory.fileName(name) == expected)
    }
}

@Suite struct MetricsTests {
    @Test func theTextIsPrometheus() {
        let registry = MetricsRegistry()
        registry.counter("buz_b_total", "Some things.", labels: ["sink": "a\"b\\c"]).add(3)
        registry.counter("buz_b_total", "Some things.", labels: ["sink": "a\"b\\c"]).add(1)
        registry.gauge("buz_a", "A gauge.").set(1.5)
        registry.gauge("buz_c", "Computed.", value: { 2 })
        let histogram = registry.histogram("buz_d_seconds", "Time.", bounds: [0.1, 1], labels: ["sink": "x"])
        for value in [0.1, 0.5, 7] { histogram.observe(value) }
        #expect(
            registry.exposition() == """
                # HELP buz_a A gauge.
                # TYPE buz_a gauge
                buz_a 1.5
                # HELP buz_b_total Some things.
                # TYPE buz_b_total counter
                buz_b_total{sink="a\\"b\\\\c"} 4
                # HELP buz_c Computed.
                # TYPE buz_c gauge
                buz_c 2
                # HELP buz_d_seconds Time.
                # TYPE buz_d_seconds histogram
                buz_d_seconds_bucket{sink="x",le="0.1"} 1
                buz_d_seconds_bucket{sink="x",le="1"} 2
                buz_d_seconds_bucket{sink="x",le="+Inf"} 3
                buz_d_seconds_sum{sink="x"} 7.6
                buz_d_seconds_count{sink="x"} 3

                """)
    }
}
