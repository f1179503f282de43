import Glibc
import SinkTesting
import Testing

@testable import CoreIngest

@Suite struct BatchCodingTests {
    static let kinds: [StreamDescriptor.Kind] = [
        .boolean, .integer(bits: 16), .float(bits: 32), .numeric(precision: 12, scale: 2),
        .numeric(precision: nil, scale: nil),
        .string(maxLength: 40), .string(maxLength: nil), .uuid, .date, .time(withZone: false), .time(withZone: true),
        .timestamp(withZone: false), .timestamp(withZone: true), .interval, .bytes, .json, .hstore, .enumeration,
        .array(of: .array(of: .integer(bits: 64))),
        .composite([.init(name: "a", kind: .text), .init(name: "b", kind: .composite([.init(name: "c", kind: .uuid)]))]
        ),
        .text,
    ]

    static func everyKind() throws -> EventBatch {
        let columns = kinds.enumerated().map { index, kind in
            StreamDescriptor.Column(
                name: "column \(index) \"ü\"", sqlType: "type\(index)", kind: kind, isNullable: index % 2 == 0,
                isKey: index == 3, typeOID: UInt32(index), typeModifier: Int32(index - 5),
                comment: index == 2 ? "a comment" : nil, enumLabels: index == 17 ? ["sad", "ok"] : [])
        }
        let schema = try #require(
            SchemaName(vendor: "com.acme", name: "t", version: SchemaVersion(model: 3, revision: 2, addition: 1)))
        let stream = StreamDescriptor(
            database: "d", schemaName: "s", table: "t", columns: columns, keyColumns: [3, 0], schema: schema,
            validator: nil)
        var builder = EventBatchBuilder()
        let transaction = builder.add(
            TransactionInfo(commitLSN: LogSequenceNumber(77), xid: 9, commitTime: -5, origin: "elsewhere"))
        for index in 0..<3 {
            var record = EventRecord()
            record.uuidHigh = .max
            record.uuidLow = UInt64(index)
            record.timestamp = -1
            record.position = Position(commit: 77, ordinal: UInt64(index))
            record.lsn = LogSequenceNumber(76)
            record.keyHash = 123
            record.operation = .update
            record.flags = [.keyChanged, .repairedText]
            record.stream = builder.index(of: stream)
            record.transaction = transaction
            for (field, text) in [
                (\EventRecord.payload, "{\"p\":\(index)}"), (\.key, "{\"k\":\(index)}"), (\.before, "{\"b\":1}"),
                (\.unchanged, "\"u\""), (\.contexts, "\"x\":{}"), (\.validationError, "{\"e\":[]}"),
            ] as [(WritableKeyPath<EventRecord, ByteRange>, String)] {
                let start = builder.arena.count
                builder.arena.append(text: text)
                record[keyPath: field] = ByteRange(from: start, to: builder.arena.count)
            }
            builder.append(record)
        }
        return builder.seal(
            source: SourceIdentity(name: "shop", systemIdentifier: 42), acknowledge: 99, receivedAt: 1234)
    }

    private func describe(_ batch: EventBatch) -> [String] {
        batch.records.map { record in
            let texts = [
                record.payload, record.key, record.before, record.unchanged, record.contexts, record.validationError,
            ]
            .map { batch.text(of: $0) }
            let known =
                "\(record.uuidHigh) \(record.uuidLow) \(record.timestamp) \(record.position) \(record.lsn) \(record.keyHash)"
            let transaction = String(describing: batch.transaction(of: record))
            return
                "\(known) \(record.operation) \(record.flags.rawValue) \(texts) \(transaction) \(batch.stream(of: record).columns)"
        }
    }

    @Test func aWholeBatchComesBackAsItWas() throws {
        let batch = try Self.everyKind()
        var bytes = ByteArena()
        BatchWriter.write(batch, start: 1, to: &bytes)
        var reader = BatchReader(bytes.bytes)
        let (again, start) = try reader.batch()
        #expect(start == 1)
        #expect(again.source == batch.source)
        #expect(again.acknowledge == 99)
        #expect(again.receivedAt == 1234)
        #expect(describe(again) == describe(batch))
        #expect(again.streams[0].schema == batch.streams[0].schema)
        #expect(again.streams[0].keyColumns == [3, 0])
    }

    @Test func oneEventAloneComesBackAsItWas() throws {
        let batch = try Self.everyKind()
        var bytes = ByteArena()
        BatchWriter.write(batch, record: 1, to: &bytes)
        var reader = BatchReader(bytes.bytes)
        let (again, _) = try reader.batch()
        #expect(describe(again) == [describe(batch)[1]])
        #expect(again.byteCount < batch.byteCount)
    }

    @Test func damagedBytesAreRefusedAndNeverCrash() throws {
        let batch = try Self.everyKind()
        var bytes = ByteArena()
        BatchWriter.write(batch, start: 0, to: &bytes)
        let whole = Array(bytes.bytes)
        for length in 0..<whole.count {
            whole.withUnsafeBytes { buffer in
                var reader = BatchReader(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
                #expect(throws: BatchReader.Malformed.self) { _ = try reader.batch() }
            }
        }
        var random = SeededGenerator(state: 7)
        for _ in 0..<5000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            damaged.withUnsafeBytes { buffer in
                var reader = BatchReader(buffer)
                if let (batch, start) = try? reader.batch() { _ = (describe(batch), start) }
            }
        }
    }

    @Test(arguments: [
        ("", 0 as UInt32), ("123456789", 0xE306_9283), ("The quick brown fox jumps over the lazy dog", 0x2262_0404),
    ])
    func checksumsAreCastagnolis(text: String, expected: UInt32) {
        var bytes = ByteArena()
        bytes.append(text: text)
        #expect(CRC32C.checksum(bytes.bytes) == expected)
    }
}

@Suite struct ParkTests {
    private func queued(_ batch: EventBatch) -> QueuedBatch {
        QueuedBatch(batch: batch, source: 0, sequence: 0, start: 0)
    }

    /// The positions of all batches that can be read.
    private func drain(_ park: Park, consume: Bool = false) throws -> [Position] {
        var damages: [String] = []
        var found: [Position] = []
        while let (batch, start, ticket) = try park.read(damages: &damages) {
            found += batch.records[start...].map(\.position)
            if consume { park.consumed(through: ticket) }
        }
        return found
    }

    @Test func batchesComeBackInOrderAcrossSegments() throws {
        let folder = try TemporaryFolder()
        var batches = TestBatch()
        let park = try Park(directory: folder.path + "/park", segmentBytes: 500)
        var expected: [Position] = []
        for _ in 0..<20 {
            let batch = batches.inserts(3)
            expected += batch.records.map(\.position)
            try park.append([queued(batch)])
        }
        #expect(try FileSystem.list(folder.path + "/park").count > 5)
        #expect(try drain(park, consume: true) == expected)
        #expect(try FileSystem.list(folder.path + "/park") == ["cursor"])
        let more = batches.inserts(1)
        try park.append([queued(more)])
        #expect(try drain(park) == more.records.map(\.position))
    }

    @Test func aCrashKeepsWhatWasParkedAndForgetsWhatWasDelivered() throws {
        let folder = try TemporaryFolder()
        var batches = TestBatch()
        let all = (0..<6).map { _ in batches.inserts(2) }
        do {
            let park = try Park(directory: folder.path, segmentBytes: 700)
            for batch in all { try park.append([queued(batch)]) }
            var damages: [String] = []
            _ = try park.read(damages: &damages)
            let second = try #require(try park.read(damages: &damages))
            park.consumed(through: second.ticket)
        }
        let park = try Park(directory: folder.path, segmentBytes: 700)
        #expect(park.recovered.batches == 4)
        #expect(park.recovered.events == 8)
        #expect(park.recovered.positions == [batches.source: all[5].records[1].position])
        #expect(try drain(park) == all[2...].flatMap { $0.records.map(\.position) })
    }

    @Test(arguments: [1, 5, 11, 12, 60, 200])
    func aTornTailIsCutOffAndTheRestStays(cut: Int) throws {
        let folder = try TemporaryFolder()
        var batches = TestBatch()
        let first = batches.inserts(2)
        do {
            let park = try Park(directory: folder.path, segmentBytes: 1 << 20)
            try park.append([queued(first)])
            try park.append([queued(batches.inserts(2))])
        }
        let name = try #require(try FileSystem.list(folder.path).first)
        var info = stat()
        #expect(stat("\(folder.path)/\(name)", &info) == 0)
        #expect(truncate("\(folder.path)/\(name)", info.st_size - off_t(cut)) == 0)
        let park = try Park(directory: folder.path, segmentBytes: 1 << 20)
        #expect(park.recovered.batches == 1)
        #expect(park.recovered.damages.count == 1)
        let more = batches.inserts(1)
        try park.append([queued(more)])
        #expect(try drain(park) == (first.records + more.records).map(\.position))
    }

    @Test(
        "Of what was parked only what the source was told to forget survives a restart: the rest comes again",
        arguments: [0, 3, 6])
    func whatComesAgainIsRemoved(acknowledgedBatches: Int) throws {
        let folder = try TemporaryFolder()
        var batches = TestBatch()
        let all = (0..<6).map { _ in batches.inserts(2) }
        do {
            let park = try Park(directory: folder.path, segmentBytes: 700)
            for batch in all { try park.append([queued(batch)]) }
        }
        let kept = all[..<acknowledgedBatches]
        let told = kept.last.map { $0.records[1].position.commit + 1 } ?? all[0].records[0].position.commit
        do {
            let park = try Park(directory: folder.path, segmentBytes: 700) { _ in told }
            #expect(park.recovered.batches == kept.count)
            #expect(park.recovered.repeated == 6 - kept.count)
            #expect(park.recovered.positions[batches.source] == kept.last?.records[1].position)
        }
        // They are gone for good, whatever is acknowledged later.
        let park = try Park(directory: folder.path, segmentBytes: 700) { _ in .max }
        #expect(try drain(park) == kept.flatMap { $0.records.map(\.position) })
        let more = batches.inserts(1)
        try park.append([queued(more)])
        #expect(try drain(park) == more.records.map(\.position))
    }

    @Test("A batch that was acknowledged in part stays whole")
    func partlyAcknowledged() throws {
        let folder = try TemporaryFolder()
        var batches = TestBatch()
        var builder = EventBatchBuilder(capacity: 256)
        let told = batches.fill(&builder, [.init(id: 1)])
        let acknowledge = batches.fill(&builder, [.init(id: 2)])
        let both = builder.seal(source: batches.source, acknowledge: acknowledge, receivedAt: 0)
        let later = batches.inserts(1)
        do {
            let park = try Park(directory: folder.path, segmentBytes: 1 << 20)
            try park.append([queued(both), queued(later)])
        }
        let park = try Park(directory: folder.path, segmentBytes: 1 << 20) { _ in told }
        #expect(park.recovered.repeated == 1)
        #expect(try drain(park) == both.records.map(\.position))
    }

    @Test func aDamagedFileIsPassedOverAndReported() throws {
        let folder = try TemporaryFolder()
        var batches = TestBatch()
        let last: EventBatch
        let park = try Park(directory: folder.path, segmentBytes: 100)
        try park.append([queued(batches.inserts(2))])
        last = batches.inserts(1)
        try park.append([queued(last)])
        let name = try #require(try FileSystem.list(folder.path).first)
        let descriptor = try FileSystem.open("\(folder.path)/\(name)", O_RDWR)
        var byte: UInt8 = 0xFF
        #expect(pwrite(descriptor, &byte, 1, 40) == 1)
        close(descriptor)
        var damages: [String] = []
        let found = try #require(try park.read(damages: &damages))
        #expect(found.batch.records.map(\.position) == last.records.map(\.position))
        #expect(damages.count == 1)
    }
}
