import CoreIngest
import TestServers
import Testing

@testable import Sinks

/// What happens when the destination is not there, does not allow it, or goes away.
@Suite struct PostgresFailureTests {
    private let orders = ordersStream()

    private func failure(opening sink: PostgresSink) async -> SinkFailure? {
        do {
            _ = try await sink.open()
            return nil
        } catch {
            return error
        }
    }

    private func batch() -> EventBatch {
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        return maker.seal()
    }

    private func failure(writing batch: EventBatch, to sink: PostgresSink) async -> SinkFailure? {
        guard case .failed(let failure) = await sink.write([BatchSlice(batch)]) else { return nil }
        return failure
    }

    @Test func aServerThatIsDownIsSaidToBeUnavailable() async throws {
        let database = try SharedPostgres.database()
        let url = "postgres://me:hunter2@127.0.0.1:\(try freePort())/shop"
        let failure = await failure(opening: testSink(database, url: url))
        #expect(failure?.code == .unavailable)
        #expect(failure?.reopen == true)
        #expect(failure?.message.contains("hunter2") == false)
        #expect(failure?.message.contains("postgres sink replica") == true)
    }

    @Test(arguments: [
        "postgres://me:hunter2@127.0.0.1:5432/shop?sslmoed=require", "postgres://me:hunter2@[::1/shop",
        "host='x hunter2",
        "hunter2",
    ])
    func aMalformedURLIsToldWithoutItsPassword(url: String) async throws {
        let database = try SharedPostgres.database()
        let failure = await failure(opening: testSink(database, url: url))
        #expect(failure?.code == .misconfigured)
        #expect(failure?.message.contains("hunter2") == false, "\(String(describing: failure))")
    }

    @Test func missingGrantsAreToldAndMended() async throws {
        let database = try SharedPostgres.database()
        let role = "writer_\(database.name)"
        try database.sql("CREATE ROLE \(role) LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC")
        let url = "postgres://\(role)@127.0.0.1:\(database.server.port)/\(database.name)"
        let sink = testSink(database, url: url)
        let refused = await failure(opening: sink)
        #expect(refused?.code == .unauthorized)
        #expect(refused?.message.contains("permission denied for database") == true, "\(String(describing: refused))")
        try database.sql("CREATE SCHEMA buz_cdc AUTHORIZATION \(role)")
        #expect(await failure(opening: sink) == nil)
        let refusedTable = await failure(writing: batch(), to: sink)
        #expect(refusedTable?.code == .unauthorized)
        #expect(refusedTable?.reopen == false)
        try database.sql("GRANT USAGE, CREATE ON SCHEMA public TO \(role)")
        guard case .delivered = await sink.write([BatchSlice(batch())]) else {
            Issue.record("not delivered")
            return
        }
        #expect(try database.sql("SELECT id FROM orders") == "1")
        await sink.close()
    }

    @Test func theGrantsOfTheManualSuffice() async throws {
        let database = try SharedPostgres.database()
        let role = "manual_\(database.name)"
        try database.sql(
            """
            CREATE ROLE \(role) LOGIN; GRANT CONNECT, TEMPORARY, CREATE ON DATABASE \(database.name) TO \(role);
            GRANT USAGE, CREATE ON SCHEMA public TO \(role);
            """)
        let url = "postgres://\(role)@127.0.0.1:\(database.server.port)/\(database.name)"
        let lane = LaneStandIn(testSink(database, url: url))
        try await lane.open()
        let maker = BatchMaker()
        let elsewhere = testStream("t", schema: "sales", orders.columns)
        maker.add(.snapshotBegin, orders)
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        maker.add(.create, elsewhere, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        maker.add(.update, orders, #"{"id":1,"name":"b"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.none, orders, #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(try database.sql("SELECT name FROM orders") == "b")
        await lane.sink.close()
    }

    @Test func onlyOneWriterOfANameIsLetIn() async throws {
        let database = try SharedPostgres.database()
        let first = testSink(database)
        let second = testSink(database)
        _ = try await first.open()
        let failure = await failure(opening: second)
        #expect(failure?.message.contains("writes as this sink") == true)
        let other = testSink(database, name: "other")
        _ = try await other.open()
        await first.close()
        try eventually("the lock is still held") {
            try database.sql(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ) == "1"
        }
        _ = try await second.open()
        await second.close()
        await other.close()
    }

    @Test func aTableThatWasDroppedIsMadeAgain() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        try database.sql("DROP TABLE orders")
        maker.begin()
        maker.add(.create, orders, #"{"id":2,"name":"a","note":null}"#, key: #"{"id":2}"#)
        try await lane.deliver(maker.seal())
        try database.sql("ALTER TABLE orders DROP COLUMN note")
        maker.begin()
        maker.add(.update, orders, #"{"id":2,"name":"b","note":"n"}"#, key: #"{"id":2}"#)
        try await lane.deliver(maker.seal())
        #expect(try database.sql("SELECT id, name, note FROM orders") == "2|b|n")
        await lane.sink.close()
    }

    @Test func aKeyWithoutAnIndexGetsOneAndIsToldWhenItCannot() async throws {
        let database = try SharedPostgres.database()
        try database.sql(
            "CREATE TABLE orders (id bigint, name text, note text); INSERT INTO orders VALUES (7, 'x', 'y')")
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        try await lane.deliver(batch())
        #expect(try database.sql("SELECT count(*) FROM orders") == "2")
        #expect(
            try database.sql("SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass AND indisunique") == "1"
        )
        try database.sql("CREATE TABLE twins (id bigint, name text, note text); INSERT INTO twins VALUES (7), (7)")
        let maker = BatchMaker()
        maker.begin()
        maker.add(.create, ordersStream("twins"), #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        let failure = await failure(writing: maker.seal(), to: lane.sink)
        #expect(failure?.code == .misconfigured)
        #expect(failure?.message.contains("fresh snapshot") == true)
        await lane.sink.close()
    }

    @Test func aLockHeldBySomebodyElseIsWaitedForNoLongerThanSaid() async throws {
        let database = try SharedPostgres.database()
        let sink = testSink(database) { $0.lockTimeout = .milliseconds(200) }
        _ = try await sink.open()
        guard case .delivered = await sink.write([BatchSlice(batch())]) else {
            Issue.record("not delivered")
            return
        }
        let holder = try PostgresConnection(PostgresSinkSettings(name: "holder", url: database.url).session)
        try holder.run("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        let maker = BatchMaker()
        maker.begin()
        maker.add(.create, orders, #"{"id":2,"name":"a","note":null}"#, key: #"{"id":2}"#)
        let held = maker.seal()
        let failure = await failure(writing: held, to: sink)
        #expect(failure?.code == .unavailable)
        #expect(failure?.reopen == false)
        #expect(failure?.message.contains("lock timeout") == true)
        try holder.run("ROLLBACK")
        guard case .delivered = await sink.write([BatchSlice(held)]) else {
            Issue.record("not delivered")
            return
        }
        await sink.close()
    }

    @Test func aServerThatNeverAnswersIsGivenUp() throws {
        let database = try SharedPostgres.database()
        var settings = PostgresSinkSettings(name: "x", url: database.url)
        settings.statementTimeout = .milliseconds(100)
        let connection = try PostgresConnection(settings.session)
        // The server's own bound is lifted, as if it could not keep it.
        try connection.run("SET statement_timeout = 0")
        var found: PostgresFailure?
        do { try connection.run("SELECT pg_sleep(60)") } catch { found = error }
        #expect(found?.kind == .connectionLost)
        #expect(!connection.isUsable)
    }

    @Test func settingsThatCannotWorkAreTold() async throws {
        let database = try SharedPostgres.database()
        let long = testSink(database) { $0.defaultOutput = String(repeating: "x", count: 64) }
        #expect(await failure(opening: long)?.code == .misconfigured)
        let twice = testSink(database) { $0.deadletterOutput = "events" }
        #expect(await failure(opening: twice)?.message.contains("same table") == true)
    }
}
