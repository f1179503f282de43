import CoreIngest

@testable import LogicalDecoding

/// Messages within a transaction that has begun, with ``SampleTable/relation`` announced. Each is preceded by its length in two
/// bytes, little endian; a length beyond the input takes what is left.
enum MessageTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        var decoder = ChangeDecoder(
            settings: SampleTable.settings, catalog: Catalog(types: SampleTable.types), streams: SampleTable.streams)
        var builder = EventBatchBuilder(capacity: 4096)
        for message in opening { take(message, &decoder, &builder) }
        var offset = 0
        while offset + 2 <= input.count {
            let length = Int(input[offset]) | Int(input[offset + 1]) << 8
            let end = min(input.count, offset + 2 + length)
            let message = UnsafeRawBufferPointer(rebasing: input[offset + 2..<end])
            parse(message)
            take(Array(message), &decoder, &builder)
            offset = end
        }
        EventPromises.check(builder.seal(source: SampleTable.settings.source, acknowledge: 0, receivedAt: 0))
    }

    private static func take(
        _ message: [UInt8], _ decoder: inout ChangeDecoder, _ builder: inout EventBatchBuilder
    ) {
        // Memory of its own for each message, so that the address sanitizer sees a read beyond it.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: message)
        let (bytes, records) = (builder.arena.count, builder.records.count)
        do {
            _ = try decoder.decode(
                UnsafeRawBufferPointer(copy), walStart: LogSequenceNumber(100), sentAt: 5, into: &builder)
        } catch {
            promise(
                builder.arena.count == bytes && builder.records.count == records, "an error left something: \(error)")
            promise(!error.description.contains("\n"), "an error of several lines: \(error)")
        }
    }

    /// As a message of a streamed transaction too, which the decoder itself refuses.
    private static func parse(_ message: UnsafeRawBufferPointer) {
        guard var reader = try? MessageReader(message) else { return }
        _ = try? PgOutputMessage(from: &reader, streamed: true)
        promise(reader.remaining >= 0, "read beyond the message")
    }

    private static let opening: [[UInt8]] = [Wire("B").number(1, 8).number(0, 8).number(7, 4).bytes, relation]
    private static let relation: [UInt8] = relation(SampleTable.relation)

    private static func relation(_ info: RelationInfo) -> [UInt8] {
        var wire = Wire("R").number(UInt64(info.id), 4).string(info.schema).string(info.name)
            .number(UInt64(info.replicaIdentity.rawValue), 1).number(UInt64(info.columns.count), 2)
        for column in info.columns {
            wire = wire.number(column.isIdentity ? 1 : 0, 1).string(column.name).number(UInt64(column.typeOID), 4)
                .number(UInt64(UInt32(bitPattern: column.typeModifier)), 4)
        }
        return wire.bytes
    }

    // MARK: Seeds

    static var seeds: [(name: String, bytes: [UInt8])] {
        func framed(_ messages: [[UInt8]]) -> [UInt8] {
            messages.flatMap { [UInt8($0.count & 0xFF), UInt8($0.count >> 8)] + $0 }
        }
        let row: [String?] = [
            "1", "a \"b\"", "2.50", "2026-01-02 03:04:05.6+00", "{a,\"b c\",NULL}",
            #"("(1,x)","{""(2,y)""}","""k""=>""v""",)"#, #""a"=>NULL"#, "t",
        ]
        let key: [String?] = ["1", "a", nil, nil, nil, nil, nil, nil]
        var full = SampleTable.relation
        full.id = 51
        full.replicaIdentity = .full
        let commit = Wire("C").number(0, 1).number(1, 8).number(2, 8).number(0, 8).bytes
        let begin = Wire("B").number(9, 8).number(0, 8).number(8, 4).bytes
        let streamed = [UInt8(ascii: "R"), 0, 0, 0, 9] + relation.dropFirst()
        let truncate = Wire("T").number(1, 4).number(3, 1).number(50, 4).bytes
        func logical(_ flags: UInt64) -> [UInt8] {
            Wire("M").number(flags, 1).number(77, 8).string("p").number(3, 4).adding([0x61, 0xC3, 0xA9]).bytes
        }
        let update = Wire("U").number(50, 4)
        return [
            ("insert", framed([Wire("I").number(50, 4).row("N", row).bytes])),
            ("update", framed([update.row("N", row).bytes])),
            ("update-of-the-key", framed([update.row("K", key).row("N", row).bytes])),
            ("update-unchanged", framed([update.row("K", key).row("N", row, unchanged: [1, 4, 5]).bytes])),
            (
                "update-full",
                framed([relation(full), Wire("U").number(51, 4).row("O", row).row("N", row, unchanged: [1]).bytes])
            ),
            ("delete", framed([Wire("D").number(50, 4).row("K", key).bytes])),
            ("truncate", framed([truncate])), ("message", framed([logical(1)])),
            ("transactions", framed([commit, logical(0), begin, Wire("O").number(1, 8).string("north").bytes])),
            ("type", framed([Wire("Y").number(20001, 4).string("public").string("mood").bytes])),
            ("streamed-relation", framed([streamed])),
            ("streamed", framed([Wire("S").number(9, 4).number(1, 1).bytes, Wire("E").bytes])),
            ("stream-abort", framed([Wire("A").number(9, 4).number(10, 4).number(1, 8).number(2, 8).bytes])),
            (
                "prepare",
                framed([Wire("P").number(0, 1).number(1, 8).number(2, 8).number(3, 8).number(4, 4).string("gid").bytes])
            ),
        ]
    }

    /// Bytes of a message as the server sends them: big endian.
    private struct Wire {
        var bytes: [UInt8]
        init(_ type: Character) { bytes = [type.asciiValue ?? 0] }

        func adding(_ more: [UInt8]) -> Wire {
            var copy = self
            copy.bytes += more
            return copy
        }
        func number(_ value: UInt64, _ width: Int) -> Wire {
            adding((0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - $0))) })
        }
        func string(_ text: String) -> Wire { adding(Array(text.utf8) + [0]) }
        func row(_ part: Character, _ values: [String?], unchanged: Set<Int> = []) -> Wire {
            var wire = adding([part.asciiValue ?? 0]).number(UInt64(values.count), 2)
            for (index, value) in values.enumerated() {
                if unchanged.contains(index) {
                    wire = wire.adding([UInt8(ascii: "u")])
                } else if let value {
                    wire = wire.adding([UInt8(ascii: "t")]).number(UInt64(value.utf8.count), 4).adding(
                        Array(value.utf8))
                } else {
                    wire = wire.adding([UInt8(ascii: "n")])
                }
            }
            return wire
        }
    }
}
