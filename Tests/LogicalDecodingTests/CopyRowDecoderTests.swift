import CoreIngest
import Testing

@testable import LogicalDecoding

struct CopyRowDecoderTests {
    static func decoder(
        _ relation: RelationInfo = ChangeDecoderTests.orders, streams: StreamCache = DecoderHarness.streams
    )
        -> CopyRowDecoder
    {
        CopyRowDecoder(
            relation: relation, settings: DecoderHarness.settings, catalog: Catalog(), streams: streams,
            snapshotLSN: LogSequenceNumber(500), snapshotTime: 9)
    }

    static func decode(_ lines: [String]) throws -> EventBatch {
        var decoder = decoder()
        var builder = EventBatchBuilder(capacity: 4096)
        decoder.mark(.snapshotBegin, ordinal: 0, into: &builder)
        for (index, line) in lines.enumerated() {
            try Array(line.utf8).withUnsafeBytes {
                try decoder.decode(line: $0, ordinal: UInt64(index + 1), into: &builder)
            }
        }
        decoder.mark(.snapshotEnd, ordinal: UInt64(lines.count + 1), into: &builder)
        return builder.seal(source: DecoderHarness.settings.source, acknowledge: 0, receivedAt: 0)
    }

    @Test func rowsBecomeReadEventsBetweenMarks() throws {
        let batch = try Self.decode(["1\ta\\tb\\nc\\\\N\t2.50\n", "2\t\\N\t\\N\n", "3\t\t\\N"])
        #expect(batch.records.map(\.operation) == [.snapshotBegin, .read, .read, .read, .snapshotEnd])
        #expect(batch.payload(1) == #"{"id":1,"no \"te\"":"a\tb\nc\\N","total":2.50}"#)
        #expect(batch.payload(2) == #"{"id":2,"no \"te\"":null,"total":null}"#)
        #expect(batch.payload(3) == #"{"id":3,"no \"te\"":"","total":null}"#)
        #expect(batch.key(2) == #"{"id":2}"#)
        #expect(batch.records.allSatisfy { $0.position.commit == 499 && $0.flags == .snapshot && $0.timestamp == 9 })
        #expect(batch.records.map(\.position.ordinal) == [0, 1, 2, 3, 4])
        #expect(Set(batch.records.map { [$0.uuidHigh, $0.uuidLow] }).count == 5)
        #expect(batch.records.allSatisfy { $0.uuidHigh >> 12 & 15 == 8 && $0.uuidLow >> 62 == 2 })
    }

    @Test func idsDependOnTheKeyAndNotOnTheOrder() throws {
        let one = try Self.decode(["1\ta\t\\N", "2\tb\t\\N"])
        let other = try Self.decode(["2\tb\t\\N", "1\tc\t\\N"])
        #expect(one.records[1].uuidHigh == other.records[2].uuidHigh)
        #expect(one.records[1].uuidLow == other.records[2].uuidLow)
        #expect(one.records[1].keyHash == other.records[2].keyHash)
    }

    @Test func theStreamIsTheSameAsThatOfTheChanges() throws {
        let streams = DecoderHarness.streams
        let decoder = Self.decoder(streams: streams)
        var harness = DecoderHarness(streams: streams)
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(ChangeDecoderTests.orders))
        try harness.decode(MessageBuilder.insert(50, ["1", nil, nil]))
        let batch = harness.seal()
        #expect(batch.streams[0] === decoder.stream)
        let copied = try Self.decode(["1\t\\N\t\\N"])
        #expect(copied.records[1].keyHash == batch.records[0].keyHash)
    }

    @Test(arguments: ["", "1\t2", "1\t2\t3\t4", "\n", "1\t\\"])
    func aRowOfAnotherWidthIsAnErrorThatSaysWhere(_ line: String) throws {
        do {
            _ = try Self.decode([line])
            Issue.record("nothing was thrown")
        } catch let error as DecodingError {
            #expect(error.code == .malformed)
            #expect(error.description.contains("snapshot of public.orders, row 1"))
        }
    }
}
