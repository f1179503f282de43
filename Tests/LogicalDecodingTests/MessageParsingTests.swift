import CoreIngest
import Testing

@testable import LogicalDecoding

/// Each message of protocols 1 to 4, whole, cut off at every byte, and with the xid that streaming adds.
struct MessageParsingTests {
    static let samples: [(name: String, bytes: [UInt8], streamed: Bool)] = {
        let orders = ChangeDecoderTests.orders
        func streamed(_ bytes: [UInt8]) -> [UInt8] { [bytes[0], 0, 0, 0, 9] + bytes.dropFirst() }
        let truncate = MessageBuilder("T").uint32(2).uint8(1).uint32(50).uint32(51).bytes
        let message = MessageBuilder("M").uint8(1).uint64(77).string("p").uint32(3).adding([1, 2, 3]).bytes
        let type = MessageBuilder("Y").uint32(20001).string("public").string("mood").bytes
        let prepared = { (type: Character) in
            MessageBuilder(type).uint8(0).uint64(1).uint64(2).uint64(3).uint32(4).string("gid").bytes
        }
        return [
            ("begin", MessageBuilder.begin(1), false), ("commit", MessageBuilder.commit(1, end: 2), false),
            ("origin", MessageBuilder("O").uint64(1).string("north").bytes, false),
            ("relation", MessageBuilder.relation(orders), false),
            ("streamed relation", streamed(MessageBuilder.relation(orders)), true), ("type", type, false),
            ("streamed type", streamed(type), true), ("truncate", truncate, false),
            ("streamed truncate", streamed(truncate), true), ("message", message, false),
            ("streamed message", streamed(message), true),
            ("stream start", MessageBuilder("S").uint32(9).uint8(1).bytes, false),
            ("stream stop", MessageBuilder("E").bytes, false),
            ("stream commit", MessageBuilder("c").uint32(9).uint8(0).uint64(1).uint64(2).uint64(3).bytes, false),
            ("stream abort", MessageBuilder("A").uint32(9).uint32(10).bytes, false),
            ("parallel stream abort", MessageBuilder("A").uint32(9).uint32(10).uint64(1).uint64(2).bytes, false),
            ("begin prepare", MessageBuilder("b").uint64(1).uint64(2).uint64(3).uint32(4).string("gid").bytes, false),
            ("prepare", prepared("P"), false), ("commit prepared", prepared("K"), false),
            ("stream prepare", prepared("p"), false),
            (
                "rollback prepared",
                MessageBuilder("r").uint8(0).uint64(1).uint64(2).uint64(3).uint64(4).uint32(5).string("gid").bytes,
                false
            ),
        ]
    }()

    static func parse(_ bytes: [UInt8], streamed: Bool) throws -> String {
        try bytes.withUnsafeBytes { buffer in
            var reader = try MessageReader(buffer)
            let message = try PgOutputMessage(from: &reader, streamed: streamed)
            try reader.finish()
            return String(describing: message)
        }
    }

    @Test func everyMessageIsParsedAndNoPrefixOfItIs() throws {
        for sample in Self.samples {
            #expect(throws: Never.self, "\(sample.name)") { try Self.parse(sample.bytes, streamed: sample.streamed) }
            for length in 0..<sample.bytes.count {
                // Without its last two numbers, that of protocol 4 is that of protocol 2.
                if sample.name == "parallel stream abort", length == 9 { continue }
                #expect(throws: DecodingError.self, "\(sample.name) cut off at \(length)") {
                    try Self.parse(Array(sample.bytes.prefix(length)), streamed: sample.streamed)
                }
            }
            #expect(throws: DecodingError.self, "\(sample.name) and a byte more") {
                try Self.parse(sample.bytes + [0], streamed: sample.streamed)
            }
        }
    }

    @Test func fieldsAreReadFromTheirPlaces() throws {
        let abort = MessageBuilder("A").uint32(9).uint32(10).uint64(1).uint64(2).bytes
        try abort.withUnsafeBytes { buffer in
            var reader = try MessageReader(buffer)
            let parsed = try StreamAbortMessage(from: &reader)
            #expect(parsed.xid == 9)
            #expect(parsed.subtransaction == 10)
            #expect(parsed.abortLSN == LogSequenceNumber(1))
            #expect(parsed.abortTime == Timestamp.postgresEpoch + 2)
        }
        let prepare = MessageBuilder("K").uint8(0).uint64(1).uint64(2).uint64(3).uint32(4).string("gid").bytes
        try prepare.withUnsafeBytes { buffer in
            var reader = try MessageReader(buffer)
            let parsed = try PrepareMessage(from: &reader)
            #expect(parsed.lsn == LogSequenceNumber(1))
            #expect(parsed.endLSN == LogSequenceNumber(2))
            #expect(parsed.time == Timestamp.postgresEpoch + 3)
            #expect(parsed.xid == 4)
            #expect(parsed.gid == "gid")
        }
        let relation: [UInt8] =
            [UInt8(ascii: "R"), 0, 0, 0, 9] + MessageBuilder.relation(ChangeDecoderTests.orders).dropFirst()
        try relation.withUnsafeBytes { buffer in
            var reader = try MessageReader(buffer)
            let parsed = try RelationMessage(from: &reader, streamed: true)
            #expect(parsed.xid == 9)
            #expect(parsed.relation == ChangeDecoderTests.orders)
        }
    }

    @Test func noPrefixOfARowIsDecoded() throws {
        let rows: [[UInt8]] = [
            MessageBuilder.insert(50, ["1", nil, "2.5"]),
            MessageBuilder.update(50, old: ("K", ["1", nil, nil]), ["1", .unchanged, "2.5"]),
            MessageBuilder.update(50, old: ("O", ["1", "x", nil]), ["1", .unchanged, "2.5"]),
            MessageBuilder.delete(50, "K", ["1", nil, nil]),
        ]
        for row in rows {
            var harness = DecoderHarness()
            try harness.decode(MessageBuilder.begin(1))
            try harness.decode(MessageBuilder.relation(ChangeDecoderTests.orders))
            for length in 0..<row.count {
                #expect(throws: DecodingError.self) { try harness.decode(Array(row.prefix(length))) }
                #expect(harness.builder.arena.count == 0)
            }
            #expect(try harness.decode(row) == .change)
        }
    }
}
