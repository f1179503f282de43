import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

extension DuckDBSinkTests {
    @Test(
        "What a column cannot hold is refused with its row as it was, and comes again until its dead letter is stored")
    func refusals() async throws {
        let fixture = try DuckDBFixture()
        let prices = testStream(
            "prices",
            [
                .init(name: "id", sqlType: "int", kind: .integer(bits: 32), isNullable: false, isKey: true),
                .init(name: "price", sqlType: "numeric(6,2)", kind: .numeric(precision: 6, scale: 2)),
                .init(name: "at", sqlType: "timestamptz", kind: .timestamp(withZone: true)),
            ])
        let first = fixture.sink()
        _ = try await first.open()
        let maker = BatchMaker()
        maker.add(.create, prices, #"{"id":1,"price":1.50,"at":null}"#, key: #"{"id":1}"#)
        maker.add(.update, prices, #"{"id":1,"price":"NaN","at":null}"#, key: #"{"id":1}"#)
        maker.add(.create, prices, #"{"id":2,"price":2.00,"at":"294276-12-31 23:59:59+00"}"#, key: #"{"id":2}"#)
        maker.add(.create, prices, #"{"id":3,"price":3.00,"at":null}"#, key: #"{"id":3}"#)
        let batch = maker.seal()
        guard case .rejected(let rejections) = await first.write([BatchSlice(batch)]) else {
            Issue.record("not rejected")
            return
        }
        #expect(rejections.map(\.record).sorted() == [1, 2])
        #expect(rejections.allSatisfy { $0.failure.message.contains("does not hold") })
        await first.close()
        #expect(try fixture.rows("SELECT id || ' ' || price FROM prices ORDER BY id") == ["1 1.50", "3 3.00"])
        // As after a crash before the dead letters were stored: the neighbours are not written twice.
        try fixture.run("DELETE FROM prices WHERE id = 3")
        let second = fixture.sink()
        let floor = try await second.open()
        #expect(floor[batch.source].map { $0 < batch.records[1].position } == true)
        guard case .rejected(let again) = await second.write([BatchSlice(batch)]) else {
            Issue.record("not rejected again")
            return
        }
        #expect(again.map(\.record).sorted() == [1, 2])
        await second.close()
        // Also where the events come one by one.
        let third = fixture.sink()
        _ = try await third.open()
        for index in 0..<4 {
            switch await third.write([BatchSlice(batch, range: index..<index + 1)]) {
            case .delivered: #expect(index == 0 || index == 3)
            case .rejected(let one): #expect(one.map(\.record) == [index] && (index == 1 || index == 2))
            case .refused(let failure), .failed(let failure): Issue.record("\(failure)")
            }
        }
        await third.close()
        #expect(try fixture.rows("SELECT CAST(id AS VARCHAR) FROM prices ORDER BY id") == ["1"])
    }

    @Test("A constraint of the user's own refuses the write without its values, and nothing is stored")
    func constraints() async throws {
        let fixture = try DuckDBFixture()
        try fixture.run("CREATE TABLE orders (id BIGINT, name VARCHAR CHECK (name <> 'secret word'), note VARCHAR)")
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        maker.add(.create, orders, #"{"id":2,"name":"secret word","note":null}"#, key: #"{"id":2}"#)
        let batch = maker.seal()
        guard case .refused(let failure) = await sink.write([BatchSlice(batch)]) else {
            Issue.record("not refused")
            return
        }
        #expect(failure.message.contains("Constraint Error") && !failure.message.contains("secret"), "\(failure)")
        guard case .delivered = await sink.write([BatchSlice(batch, range: 0..<1)]) else {
            Issue.record("not delivered")
            return
        }
        await sink.close()
        #expect(try fixture.rows("SELECT CAST(id AS VARCHAR) FROM orders") == ["1"])
    }
}
