import CoreIngest
import Testing

@testable import LogicalDecoding

/// What must not come, or not in this order, is a precise error that leaves nothing behind.
struct DecoderErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var before: [[UInt8]] = []
        var message: [UInt8]
        var code: DecodingError.Code
        var says: String
        var testDescription: String { name }
    }

    static let relation = MessageBuilder.relation(ChangeDecoderTests.orders)

    static let cases: [Case] = [
        Case(name: "an empty message", message: [], code: .truncated, says: "without content"),
        Case(name: "an unknown type", message: [0x7A], code: .unknownMessage, says: "'z', byte 0"),
        Case(
            name: "a change outside a transaction", before: [relation],
            message: MessageBuilder.insert(50, ["1", nil, nil]), code: .outOfOrder, says: "outside a transaction"),
        Case(
            name: "a change of an unknown table", before: [MessageBuilder.begin(1)],
            message: MessageBuilder.insert(50, ["1", nil, nil]), code: .unknownRelation, says: "relation 50"),
        Case(
            name: "a row of another width", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder.insert(50, ["1"]), code: .malformed, says: "1 columns, but public.orders"),
        Case(
            name: "a binary value", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder("I").uint32(50).uint8(0x4E).uint16(3).uint8(0x62).uint32(1).uint8(0).bytes,
            code: .notRequested, says: "binary"),
        Case(
            name: "a negative length", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder("I").uint32(50).uint8(0x4E).uint16(3).uint8(0x74).uint32(.max).bytes,
            code: .malformed, says: "a length of -1"),
        Case(
            name: "a length beyond the message", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder("I").uint32(50).uint8(0x4E).uint16(3).uint8(0x74).uint32(0x7FFF_FFFF).bytes,
            code: .truncated, says: "2147483647 bytes announced"),
        Case(
            name: "an update without a new row", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder("U").uint32(50).row("K", ["1", nil, nil]).row("K", ["1", nil, nil]).bytes,
            code: .malformed, says: "without its new row"),
        Case(
            name: "a delete with a new row", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder("D").uint32(50).row("N", ["1", nil, nil]).bytes, code: .malformed,
            says: "does not belong"),
        Case(
            name: "more bytes than there should be", before: [MessageBuilder.begin(1), relation],
            message: MessageBuilder.insert(50, ["1", nil, nil]) + [0], code: .malformed, says: "1 bytes more"),
        Case(
            name: "a begin inside a transaction", before: [MessageBuilder.begin(1)], message: MessageBuilder.begin(2),
            code: .outOfOrder, says: "inside another"),
        Case(
            name: "the commit of another transaction", before: [MessageBuilder.begin(1)],
            message: MessageBuilder.commit(2, end: 3), code: .outOfOrder, says: "0/2"),
        Case(
            name: "a commit without a transaction", message: MessageBuilder.commit(2, end: 3), code: .outOfOrder,
            says: "does not belong"),
        Case(
            name: "an origin outside a transaction", message: MessageBuilder("O").uint64(1).string("x").bytes,
            code: .outOfOrder, says: "origin"),
        Case(
            name: "a streamed transaction", message: MessageBuilder("S").uint32(1).uint8(1).bytes, code: .notRequested,
            says: "streaming"),
        Case(
            name: "a prepared transaction",
            message: MessageBuilder("b").uint64(1).uint64(2).uint64(3).uint32(4).string("g").bytes, code: .notRequested,
            says: "two-phase"),
        Case(
            name: "a truncate of tables that are not there",
            message: MessageBuilder("T").uint32(0x7FFF_FFFF).uint8(0).uint32(1).bytes, code: .truncated,
            says: "2147483647 tables"),
        Case(
            name: "an unknown replica identity",
            message: MessageBuilder("R").uint32(1).string("").string("t").uint8(0x7A).uint16(0).bytes,
            code: .malformed, says: "0x7a"),
    ]

    @Test("A message that must not come is a precise error", arguments: cases)
    func messageIsRefused(_ one: Case) throws {
        var harness = DecoderHarness()
        for message in one.before { try harness.decode(message) }
        do {
            try harness.decode(one.message)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == one.code)
            #expect(error.description.contains(one.says), "\(error)")
            #expect(!error.description.contains("\n"))
        }
        #expect(harness.builder.arena.count == 0)
        #expect(harness.builder.records.isEmpty)
    }

    @Test func aNameWithALineBreakDoesNotBreakTheLine() {
        let error = DecodingError(.malformed, "a row of p.a\nb", at: .snapshotRow(table: "p.a\r\nb", ordinal: 1))
        #expect(error.description == "malformed: a row of p.a b (snapshot of p.a  b, row 1)")
    }
}
