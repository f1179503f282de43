import SinkTesting
import Testing

@testable import CoreIngest

@Suite("How far behind tables are")
struct TableLagsTests {
    private let identity = SourceIdentity(name: "shop", systemIdentifier: 1)

    private func stream(_ table: String) throws -> StreamDescriptor {
        StreamDescriptor(
            database: "shop", schemaName: "public", table: table, columns: [], keyColumns: [],
            schema: try #require(SchemaName(parsing: "iglu:com.acme/\(table)/jsonschema/1-0-0")), validator: nil)
    }

    /// Events at increasing positions: by table, and commit time in seconds.
    private func batch(
        _ events: [(StreamDescriptor, position: UInt64, seconds: Int64)], of identity: SourceIdentity? = nil
    ) -> EventBatch {
        var builder = EventBatchBuilder(capacity: 64)
        for (stream, position, seconds) in events {
            var record = EventRecord()
            record.stream = builder.index(of: stream)
            record.position = Position(commit: position, ordinal: 0)
            record.timestamp = seconds * 1_000_000
            record.operation = .create
            builder.append(record)
        }
        return builder.seal(source: identity ?? self.identity, acknowledge: 0, receivedAt: 0)
    }

    private func lags(_ lags: TableLags, at seconds: Int64) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: lags.all(at: seconds * 1_000_000).map { ($0.table, $0.lagSeconds) })
    }

    @Test("A table is behind from its first change that waits until the last is delivered, each on its own")
    func eachOnItsOwn() throws {
        let (orders, items) = (try stream("orders"), try stream("items"))
        var tables = TableLags()
        let first = batch([(orders, 1, 10), (items, 2, 11), (orders, 3, 12)])
        let second = batch([(orders, 4, 20)])
        tables.took(first)
        #expect(lags(tables, at: 15) == ["orders": 5, "items": 4])
        tables.took(second)
        tables.delivered(first)
        // The rest of orders was committed after what is delivered.
        #expect(lags(tables, at: 25) == ["orders": 13, "items": 0])
        tables.delivered(second)
        #expect(lags(tables, at: 25) == ["orders": 0, "items": 0])
        #expect(tables.all(at: 0).map(\.deliveredTimestamp) == [20_000_000, 11_000_000])
        // After an hour of rest the age counts from the new change.
        tables.took(batch([(items, 5, 3600)]))
        #expect(lags(tables, at: 3601) == ["orders": 0, "items": 1])
    }

    @Test("What a source sends again makes nothing late, nor do events from before the start")
    func repetitions() throws {
        let orders = try stream("orders")
        var tables = TableLags()
        let parkedBefore = batch([(orders, 1, 10)])
        tables.delivered(parkedBefore)
        #expect(lags(tables, at: 15) == ["orders": 0])
        let next = batch([(orders, 2, 20)])
        tables.took(next)
        tables.delivered(next)
        tables.took(batch([(orders, 1, 10), (orders, 2, 20)]))
        #expect(lags(tables, at: 30) == ["orders": 0])
    }

    @Test("A changed table, read from a history that begins anew, stays one table")
    func renewal() throws {
        var tables = TableLags()
        tables.took(batch([(try stream("orders"), 1000, 10)]))
        tables.took(batch([(try stream("orders"), 1001, 11)]))
        #expect(tables.all(at: 0).count == 1)
        let other = SourceIdentity(name: "shop", systemIdentifier: 2)
        let anew = batch([(try stream("orders"), 1, 50)], of: other)
        tables.took(anew)
        #expect(lags(tables, at: 52) == ["orders": 2])
        tables.delivered(anew)
        #expect(lags(tables, at: 52) == ["orders": 0])
        // Another input's table of the same name is another table.
        tables.took(batch([(try stream("orders"), 1, 50)], of: SourceIdentity(name: "copy", systemIdentifier: 2)))
        #expect(tables.all(at: 0).map(\.source) == ["shop", "copy"])
    }

    @Test("Collected events are of no table")
    func collected() throws {
        let event = StreamDescriptor(
            database: "", schemaName: "", table: "", columns: [], keyColumns: [],
            schema: try #require(SchemaName(parsing: "iglu:com.acme/click/jsonschema/1-0-0")), validator: nil)
        var tables = TableLags()
        tables.took(batch([(event, 1, 1)]))
        #expect(tables.all(at: 9).isEmpty)
    }

    @Test("A batch knows where each of its streams begins and ends")
    func extents() throws {
        let (orders, items, unused) = (try stream("orders"), try stream("items"), try stream("unused"))
        var builder = EventBatchBuilder(capacity: 64)
        _ = builder.index(of: unused)
        for stream in [orders, orders, items, orders] {
            var record = EventRecord()
            record.stream = builder.index(of: stream)
            builder.append(record)
        }
        let extents = builder.seal(source: identity, acknowledge: 0, receivedAt: 0).extents
        #expect(extents == [.init(stream: 1, first: 0, last: 3), .init(stream: 2, first: 2, last: 2)])
    }
}
