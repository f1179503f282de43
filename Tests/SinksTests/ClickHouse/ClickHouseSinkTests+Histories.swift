import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// After a promotion the source has another history, which continues the one before up to the switch.
extension ClickHouseSinkTests {
    private static let old = SourceIdentity(name: "shop", systemIdentifier: 1, generation: 7)
    private static let promoted = SourceIdentity(name: "shop", systemIdentifier: 1, generation: 8)

    @Test(
        "What the events table has of before a promotion is not repeated after it, and what lies behind the switch is not left out",
        arguments: [true, false])
    func promotedEvents(isFollowed: Bool) async throws {
        var maker = TestBatch(systemIdentifier: 1)
        maker.source = Self.old
        let first = sink(.events, invalid: "invalid")
        _ = try await first.open()
        // Transactions at 100, 110 and 120; the second is invalid.
        for number in 0..<3 {
            let batch = maker.transaction([.init(id: number, isInvalid: number == 1)])
            #expect(await first.write([BatchSlice(batch)]).isDelivered)
        }
        await first.close()
        // Nothing was acknowledged: all of it comes again, and the new server left the old one's log at 115.
        var again = TestBatch(systemIdentifier: 1)
        again.source = Self.promoted
        let second = sink(.events, invalid: "invalid")
        if isFollowed { second.follow(Self.promoted, Predecessor(identity: Self.old, end: 115)) }
        _ = try await second.open()
        let batches = (0..<4).map { again.transaction([.init(id: $0 + 10, isInvalid: $0 == 1)]) }
        #expect(await second.write(batches[..<2].map { BatchSlice($0) }).isDelivered)
        #expect(await second.write(batches.map { BatchSlice($0) }).isDelivered)
        await second.close()
        let ids =
            "SELECT arrayStringConcat(groupArray(id), ' ') FROM (SELECT JSONExtractRaw(envelope, 'payload', 'id') AS id FROM shop.#T ORDER BY _buz_source, _buz_commit)"
        #expect(try server.ask(ids.replacing("#T", with: "events")) == (isFollowed ? "0 2 12 13" : "0 2 10 12 13"))
        #expect(try server.ask(ids.replacing("#T", with: "invalid")) == (isFollowed ? "1" : "1 11"))
    }

    @Test("After a promotion a row's newer value wins, also where the former server's lost log reached further")
    func promotedMirror() async throws {
        func change(_ maker: BatchMaker, _ id: Int, _ name: String) {
            maker.add(
                .update, orders, #"{"id":\#(id),"name":"\#(name)","note":"n"}"#, key: #"{"id":\#(id)}"#)
        }
        let first = LaneStandIn(sink())
        try await first.open()
        let before = BatchMaker(Self.old)
        change(before, 1, "shared")
        before.add(
            .create, orders, #"{"id":3,"name":"far","note":"kept"}"#, key: #"{"id":3}"#)
        before.add(
            .update, orders, #"{"id":4,"name":"far"}"#, key: #"{"id":4}"#, before: #"{"id":3}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        let shared = before.seal()
        try await first.deliver(shared)
        before.begin()
        before.begin()
        change(before, 1, "lost")
        try await first.deliver(before.seal())
        await first.sink.close()

        let second = LaneStandIn(sink())
        second.sink.follow(Self.promoted, Predecessor(identity: Self.old, end: 0x1080))
        try await second.open()
        // What both have comes again, in writes of its own, and changes nothing.
        let after = BatchMaker(Self.promoted)
        change(after, 1, "shared")
        after.add(
            .create, orders, #"{"id":3,"name":"far","note":"kept"}"#, key: #"{"id":3}"#)
        try await second.deliver(after.seal())
        after.add(
            .update, orders, #"{"id":4,"name":"far"}"#, key: #"{"id":4}"#, before: #"{"id":3}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        try await second.deliver(after.seal())
        let question =
            "SELECT arrayStringConcat(groupArray(concat(toString(id), name, note)), ' ') FROM (SELECT * FROM shop.orders FINAL ORDER BY id)"
        #expect(try server.ask(question) == "1lostn 4farkept")
        // Before the lost change's position.
        after.begin()
        change(after, 1, "newer")
        try await second.deliver(after.seal())
        #expect(try server.ask(question) == "1newern 4farkept")
        // A change of the former history, written again, is no newer than it was.
        try await second.deliver(shared)
        #expect(try server.ask(question) == "1newern 4farkept")
        await second.sink.close()
    }
}
