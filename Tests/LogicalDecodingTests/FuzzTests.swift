import CoreIngest
import Glibc
import Testing

@testable import LogicalDecoding

/// Mutated input: an error or valid JSON, never a crash. BUZ_FUZZ_SEED and BUZ_FUZZ_ROUNDS repeat or lengthen a run.
struct FuzzTests {
    /// xorshift64*: small, and the same everywhere.
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
    }

    static func setting(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    static func start(_ name: String) -> Random {
        let seed = setting("BUZ_FUZZ_SEED") ?? UInt64.random(in: 1 ... .max)
        print("\(name): BUZ_FUZZ_SEED=\(seed)")
        return Random(state: seed)
    }

    static var rounds: Int { Int(setting("BUZ_FUZZ_ROUNDS") ?? 20_000) }

    static func mutate(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2 where at < bytes.count:
                bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...4, using: &random)))
            case 3: bytes.insert(Array("{}(),\"\\=>NUL[]:".utf8).randomElement(using: &random) ?? 0, at: at)
            default: bytes.insert(contentsOf: bytes.prefix(at).suffix(6), at: at)
            }
        }
        return bytes
    }

    @Test func mutatedMessagesNeverCrashTheDecoder() throws {
        var random = Self.start("messages")
        var relation = ChangeDecoderTests.orders
        relation.columns += [
            .init(name: "tags", isIdentity: false, typeOID: 1009),
            .init(name: "pair", isIdentity: false, typeOID: SampleTypes.nest),
            .init(name: "more", isIdentity: false, typeOID: SampleTypes.hstore),
        ]
        let rows: [[UInt8]] = [
            MessageBuilder.insert(50, ["1", nil, "2.5", "{a,\"b c\"}", "(,,)", "\"a\"=>NULL"]),
            MessageBuilder.update(
                50, old: ("K", ["1", nil, nil, nil, nil, nil]), ["1", .unchanged, "2.5", nil, nil, nil]),
            MessageBuilder.update(
                50, old: ("O", ["1", "x", nil, nil, nil, nil]), ["1", .unchanged, "2.5", nil, nil, nil]),
            MessageBuilder.delete(50, "K", ["1", nil, nil, nil, nil, nil]),
        ]
        let seeds = MessageParsingTests.samples.map(\.bytes) + rows + [MessageBuilder.relation(relation)]
        var harness = DecoderHarness(catalog: Catalog(types: SampleTypes.catalog))
        var refused = 0
        for round in 0..<Self.rounds {
            if round % 50 == 0 {
                harness.decoder.reset()
                try harness.decode(MessageBuilder.begin(1))
                try harness.decode(MessageBuilder.relation(relation))
            }
            let message = Self.mutate(seeds.randomElement(using: &random) ?? [], &random)
            let before = harness.builder.records.count
            do { try harness.decode(message) } catch { refused += 1 }
            for record in harness.builder.records[before...] {
                #expect(
                    JSONCheck.isValid(harness.builder.arena[record.payload]), "message \(message)")
            }
            if round % 100 == 99 { _ = harness.seal() }
        }
        #expect(refused > 0 && refused < Self.rounds)
    }

    @Test(arguments: [
        "_text", "_int4", "_pair", "pair", "nest", "_nest", "hstore", "_hstore", "_box", "numeric", "timestamptz",
        "text",
    ])
    func mutatedTextOfAnyTypeBecomesValidJSON(_ type: String) throws {
        var random = Self.start(type)
        let oid = try #require(SampleTypes.oid(type))
        let texts = ValueGoldenTests.cases.filter { $0.type == type || $0.type == "_text" || $0.type == "nest" }.map(
            \.text)
        for _ in 0..<Self.rounds / 5 {
            // Embedded JSON is taken as the server checked it, so that a column of it may become anything.
            let text = Self.mutate(texts.randomElement(using: &random) ?? [], &random)
            let json = ValueGoldenTests.json(text, oid)
            let embedsJSON = type.hasSuffix("nest")
            #expect(embedsJSON || JSONCheck.isValid(json.utf8), "text \(text) became \(json)")
            #expect(!json.utf8.contains(10))
        }
    }

    @Test func mutatedCopyLinesNeverCrashTheDecoder() throws {
        var random = Self.start("copy")
        var decoder = CopyRowDecoder(
            relation: ChangeDecoderTests.orders, settings: DecoderHarness.settings, catalog: Catalog(),
            streams: DecoderHarness.streams, snapshotLSN: LogSequenceNumber(500), snapshotTime: 9)
        var builder = EventBatchBuilder(capacity: 4096)
        for round in 0..<Self.rounds {
            let line = Self.mutate(Array("1\ta\\tb\\\\\\n\\N\t2.5\n".utf8), &random)
            try? line.withUnsafeBytes { try decoder.decode(line: $0, ordinal: UInt64(round), into: &builder) }
            if let record = builder.records.last {
                #expect(JSONCheck.isValid(builder.arena[record.payload]))
            }
            if round % 100 == 99 {
                decoder.batchSealed()
                _ = builder.seal(source: DecoderHarness.settings.source, acknowledge: 0, receivedAt: 0)
            }
        }
    }
}
