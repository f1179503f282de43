import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

extension ClickHouseSinkTests {
    @Test(
        "Rows that get other keys keep the columns that the source did not send, however their changes follow each other"
    )
    func moves() async throws {
        let lane = LaneStandIn(sink())
        try await lane.open()
        let maker = BatchMaker()
        func move(_ old: Int, _ new: Int, _ name: String) {
            maker.add(
                .update, orders, #"{"id":\#(new),"name":"\#(name)"}"#, key: #"{"id":\#(new)}"#,
                before: #"{"id":\#(old)}"#, unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        }
        func insert(_ ids: ClosedRange<Int>) {
            for id in ids {
                maker.add(
                    .create, orders, #"{"id":\#(id),"name":"n","note":"big\#(id)"}"#, key: #"{"id":\#(id)}"#)
            }
        }
        insert(1...700)
        try await lane.deliver(maker.seal())
        maker.begin()
        // More than one question may have.
        for id in 101...700 { move(id, id + 1000, "far") }
        // On and on, back again, into the place of another, and of one that came with the same write.
        move(1, 11_000, "a")
        move(11_000, 12_000, "b")
        move(2, 13_000, "c")
        move(13_000, 2, "d")
        move(3, 14_000, "e")
        move(4, 3, "f")
        insert(20_000...20_000)
        move(20_000, 20_001, "g")
        maker.add(.update, orders, #"{"id":5,"name":"h"}"#, key: #"{"id":5}"#, unchanged: #""note""#)
        move(5, 15_000, "i")
        move(6, 16_000, "j")
        maker.add(.delete, orders, #"{"id":16000}"#, key: #"{"id":16000}"#, before: #"{"id":16000}"#)
        move(7, 17_000, "k")
        maker.add(.update, orders, #"{"id":17000,"name":"l"}"#, key: #"{"id":17000}"#, unchanged: #""note""#)
        move(8, 18_000, "m")
        insert(8...8)
        let batch = maker.seal()
        func check(_ when: Comment) throws {
            let some = try server.ask(
                "SELECT concat(toString(id), ' ', name, ' ', note) FROM shop.orders FINAL WHERE id IN (2, 3, 8, 9) OR id > 2000 ORDER BY id"
            ).split(separator: "\n")
            #expect(
                some == [
                    "2 d big2", "3 f big4", "8 n big8", "9 n big9", "12000 b big1", "14000 e big3", "15000 i big5",
                    "17000 l big7", "18000 m big8", "20001 g big20000",
                ], when)
            #expect(
                try server.ask(
                    "SELECT count(), countIf(note = concat('big', toString(id - 1000))) FROM shop.orders FINAL WHERE id BETWEEN 101 AND 1999"
                ) == "600\t600", when)
            #expect(
                try server.ask("SELECT count() FROM shop.orders FINAL WHERE id IN (1, 4, 5, 6, 7, 16000, 20000)")
                    == "0",
                when)
        }
        try await lane.deliver(batch)
        try check("at first")
        let again = LaneStandIn(sink())
        try await again.open()
        try await again.deliver(batch)
        try check("as after a crash before the acknowledgement")
        await again.sink.close()
    }
}
