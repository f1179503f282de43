import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// What a real MariaDB refuses, for a while or for ever.
@Suite(.serialized, .enabled(if: !MySQLServer.installed.isEmpty), .timeLimit(.minutes(3)))
struct MySQLFailureTests {
    private func failure(_ fixture: MySQLFixture, _ change: (inout MySQLSinkSettings) -> Void) async -> SinkFailure? {
        var settings = fixture.settings()
        change(&settings)
        do {
            _ = try await MySQLSink(settings, renderer: SampleEvents.renderer).open()
            return nil
        } catch {
            return error
        }
    }

    @Test("What is wrong is one line that says what to do, without the password", arguments: MySQLServer.installed)
    func opening(kind: MySQLServer.Kind) async throws {
        // A MySQL makes itself a certificate otherwise.
        let fixture = try MySQLFixture(kind, settings: kind == .mySQL ? ["tls-version="] : [])
        let server = fixture.server
        let wrong = try #require(
            await failure(fixture) { $0.url = $0.url.replacing("secret%20word", with: "not%20it") })
        #expect(wrong.code == .unauthorized && wrong.message.contains("1045"), "\(wrong)")
        let missing = try #require(await failure(fixture) { $0.url = $0.url.replacing("shop_copy", with: "none") })
        // Nobody is told which databases there are whose they are not.
        #expect(missing.code == .unauthorized && missing.message.contains("1044"), "\(missing)")
        try server.sql("GRANT ALL ON none.* TO buz@'127.0.0.1'")
        let unknown = try #require(await failure(fixture) { $0.url = $0.url.replacing("shop_copy", with: "none") })
        #expect(unknown.code == .misconfigured && unknown.message.contains("1049"), "\(unknown)")
        let nowhere = try #require(await failure(fixture) { $0.url = "mysql://buz:secret@127.0.0.1:1/shop" })
        #expect(nowhere.code == .unavailable && nowhere.reopen, "\(nowhere)")
        let plain = try #require(await failure(fixture) { $0.tls = .required })
        #expect(plain.code == .misconfigured && plain.message.contains("no TLS"), "\(plain)")
        try server.sql("ALTER USER buz@'127.0.0.1' PASSWORD EXPIRE")
        let expired = try #require(await failure(fixture) { _ in })
        #expect(expired.code == .unauthorized, "\(expired)")
        try server.sql(
            "ALTER USER buz@'127.0.0.1' IDENTIFIED BY 'secret word'; ALTER USER buz@'127.0.0.1' ACCOUNT LOCK")
        let locked = try #require(await failure(fixture) { _ in })
        let lockedError = kind == .mySQL ? "3118" : "4151"
        #expect(locked.code == .unauthorized && locked.message.contains(lockedError), "\(locked)")
        try server.sql("ALTER USER buz@'127.0.0.1' ACCOUNT UNLOCK; SET GLOBAL max_connections = 10")
        server.freeze(true)
        let slow = try #require(
            await failure(fixture) {
                $0.connectTimeout = .seconds(1)
                $0.statementTimeout = .seconds(1)
            })
        server.freeze(false)
        #expect(slow.code == .unavailable, "\(slow)")
        for url in ["mysql:/x", "mysql://buz@h", "mysql://h/d", "mysql://u@h:x/d", "mysql://u:secret@h/d?ssl=1"] {
            let odd = try #require(await failure(fixture) { $0.url = url })
            #expect(odd.code == .misconfigured && odd.message.contains("mysql://USER"), "\(odd)")
        }
        for one in [wrong, missing, unknown, nowhere, plain, expired, locked, slow] {
            #expect(!one.message.contains("\n") && !one.message.contains("secret") && !one.message.contains("not it"))
        }
    }

    @Test(
        "Of many rows only those are refused that the server refuses, and the others are stored",
        arguments: MySQLServer.installed)
    func poison(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind, settings: ["max-allowed-packet=1M"])
        let server = fixture.server
        let orders = fixture.orders
        try server.sql(
            """
            CREATE TABLE orders (id BIGINT PRIMARY KEY, name LONGTEXT NOT NULL, note JSON NULL,
              CHECK (name <> 'bad')) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=\(kind.collation)
            """)
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        let poison = [3: "\"bad\"", 40: "null", 99: "\"bad\""]
        for id in 0..<100 {
            maker.add(
                .create, orders, "{\"id\":\(id),\"name\":\(poison[id] ?? "\"n\"")}", key: "{\"id\":\(id)}")
        }
        // A later change of a refused row, and one that stays refused by its last change only.
        maker.add(.update, orders, #"{"id":3,"name":"mended"}"#, key: #"{"id":3}"#)
        maker.add(.update, orders, #"{"id":5,"name":"bad"}"#, key: #"{"id":5}"#)
        maker.add(.update, orders, #"{"id":6,"name":"n","note":"no json"}"#, key: #"{"id":6}"#)
        let outcome = await sink.write([BatchSlice(maker.seal())])
        guard case .rejected(let rejections) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(rejections.map(\.record) == [40, 99, 101, 102], "\(rejections)")
        for rejection in rejections {
            #expect(!rejection.failure.message.contains("'") && rejection.failure.message.contains("error"))
        }
        #expect(
            try server.sql("SELECT COUNT(*), SUM(name = 'mended'), SUM(id IN (5, 6)) FROM orders WHERE name <> 'bad'")
                == "98|1|2")
        await sink.close()
    }

    @Test(
        "A row beyond max_allowed_packet is one dead letter, and the server is not told of it",
        arguments: MySQLServer.installed)
    func tooLarge(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind, settings: ["max-allowed-packet=1M"])
        let server = fixture.server
        let orders = fixture.orders
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        for (id, size) in [(1, 10), (2, 2_000_000), (3, 600_000), (4, 600_000)] {
            let note = String(repeating: "x", count: size)
            maker.add(.create, orders, "{\"id\":\(id),\"name\":\"n\",\"note\":\"\(note)\"}", key: "{\"id\":\(id)}")
        }
        guard case .rejected(let rejections) = await sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("not refused")
            return
        }
        #expect(rejections.map(\.record) == [1] && rejections[0].failure.code == .tooLarge, "\(rejections)")
        #expect(rejections[0].failure.message.contains("max_allowed_packet of 1048576"), "\(rejections)")
        #expect(try server.sql("SELECT SUM(LENGTH(note)) FROM orders") == "1200010")
        await sink.close()
    }

    @Test(
        "Shapes that no table can have are refused with their events, and other tables go on",
        arguments: MySQLServer.installed)
    func impossible(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind, settings: ["max-allowed-packet=1M"])
        let server = fixture.server
        let orders = fixture.orders
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let wide = (0..<1100).map { ("c\($0)", StreamDescriptor.Kind.integer(bits: 32)) }
        maker.add(.create, fixture.stream([id] + wide, key: [0], table: "wide"), #"{"id":1}"#, key: #"{"id":1}"#)
        let twins = fixture.stream([id, ("a", .text), ("A", .text)], key: [0], table: "twins")
        maker.add(.create, twins, #"{"id":1}"#, key: #"{"id":1}"#)
        // More than a page of InnoDB has room for.
        let texts = (0..<500).map { ("c\($0)", StreamDescriptor.Kind.string(maxLength: nil)) }
        maker.add(.create, fixture.stream([id] + texts, key: [0], table: "texts"), #"{"id":1}"#, key: #"{"id":1}"#)
        let strings = (0..<60).map { ("c\($0)", StreamDescriptor.Kind.string(maxLength: 255)) }
        maker.add(
            .create, fixture.stream([id] + strings, key: [0], table: "strings"), #"{"id":1}"#, key: #"{"id":1}"#)
        maker.add(.create, orders, #"{"id":1,"name":"n"}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.count == 3, "\(lane.rejections)")
        for rejection in lane.rejections { #expect(!rejection.failure.message.contains("\n")) }
        #expect(try server.sql("SELECT (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM strings)") == "1|1")
        await lane.sink.close()
    }

    @Test(
        "Locks, full tables and missing grants are waited for, each with its own line", arguments: MySQLServer.installed
    )
    func transient(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind, settings: ["max-allowed-packet=1M"])
        let server = fixture.server
        let orders = fixture.orders
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"n"}"#, key: #"{"id":1}"#)
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"m"}"#, key: #"{"id":1}"#)
        let batch = maker.seal()
        try server.sql("REVOKE ALL ON shop_copy.* FROM buz@'127.0.0.1'; GRANT SELECT ON shop_copy.* TO buz@'127.0.0.1'")
        try fixture.interrupt()
        var denied = try #require(await sink.write([BatchSlice(batch)]).failure)
        if denied.code == .unavailable { denied = try #require(await sink.write([BatchSlice(batch)]).failure) }
        #expect(denied.code == .unauthorized && denied.message.contains("1142"), "\(denied)")
        try server.sql("GRANT ALL ON shop_copy.* TO buz@'127.0.0.1'; SET GLOBAL read_only = 1")
        try fixture.interrupt()
        var readOnly = try #require(await sink.write([BatchSlice(batch)]).failure)
        if !readOnly.message.contains("1290") { readOnly = try #require(await sink.write([BatchSlice(batch)]).failure) }
        #expect(readOnly.code == .unavailable && readOnly.message.contains("1290"), "\(readOnly)")
        try server.sql("SET GLOBAL read_only = 0")
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(try server.sql("SELECT name FROM orders") == "m")
        // The table goes, with all its rows, and comes again with the next event.
        try server.sql("DROP TABLE orders")
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"k"}"#, key: #"{"id":1}"#)
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT name FROM orders") == "k")
        await sink.close()
    }

    @Test(
        "A unique index besides the key, and an engine without transactions, are refused with what to do",
        arguments: MySQLServer.installed)
    func tablesOfOthers(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind, settings: ["max-allowed-packet=1M"])
        let server = fixture.server
        let orders = fixture.orders
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"n"}"#, key: #"{"id":1}"#)
        let batch = maker.seal()
        let sink = fixture.sink()
        _ = try await sink.open()
        try server.sql(
            "CREATE TABLE orders (id BIGINT PRIMARY KEY, name VARCHAR(100) UNIQUE, note TEXT) ENGINE=InnoDB")
        let unique = try #require(await sink.write([BatchSlice(batch)]).failure)
        #expect(unique.code == .misconfigured && unique.message.contains("DROP INDEX `name`"), "\(unique)")
        try server.sql(
            "DROP TABLE orders; CREATE TABLE orders (id BIGINT PRIMARY KEY, name TEXT, note TEXT) ENGINE=MyISAM")
        let engine = try #require(await sink.write([BatchSlice(batch)]).failure)
        #expect(engine.code == .misconfigured && engine.message.contains("ENGINE = InnoDB"), "\(engine)")
        try server.sql(
            """
            DROP TABLE orders;
            CREATE TABLE orders (own INT AUTO_INCREMENT PRIMARY KEY, id BIGINT, name LONGTEXT, note LONGTEXT,
              UNIQUE (id), shout LONGTEXT AS (UPPER(name)) VIRTUAL) ENGINE=InnoDB
            """)
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(try server.sql("SELECT id, shout FROM orders") == "1|N")
        await sink.close()
    }

    @Test(
        "With tls: verify only a trusted server of the right name is written to, and the others are told what to do",
        arguments: MySQLServer.installed)
    func encryption(kind: MySQLServer.Kind) async throws {
        let server = try MySQLServer(kind, hasTLS: true)
        func open(_ tls: MySQLTLS, _ caFile: String? = nil, host: String = "127.0.0.1") async -> SinkFailure? {
            let url = server.url.replacing("127.0.0.1", with: host)
            let sink = MySQLSink(
                MySQLSinkSettings(name: "copy", url: url, tls: tls, caFile: caFile), renderer: SampleEvents.renderer)
            do {
                _ = try await sink.open()
                await sink.close()
                return nil
            } catch {
                return error
            }
        }
        for tls in [MySQLTLS.off, .preferred, .required] { #expect(await open(tls) == nil, "\(tls)") }
        try server.sql("ALTER USER buz@'127.0.0.1' REQUIRE SSL")
        let plain = try #require(await open(.off))
        #expect(plain.code == .unauthorized, "\(plain)")
        for tls in [MySQLTLS.preferred, .required] { #expect(await open(tls) == nil, "\(tls)") }
        #expect(await open(.verify, server.certificate) == nil)
        let stranger = Certificates(try TemporaryFolder())
        try stranger.make("other")
        for file in [stranger.path("other.pem"), nil] {
            let untrusted = try #require(await open(.verify, file))
            #expect(untrusted.code == .unavailable && untrusted.message.contains("certificate"), "\(untrusted)")
        }
        let elsewhere = try #require(await open(.verify, server.certificate, host: "127.0.0.2"))
        #expect(elsewhere.code == .unavailable, "\(elsewhere)")
        let missing = try #require(await open(.verify, "/none.pem"))
        #expect(!missing.message.contains("secret"), "\(missing)")
    }

    @Test("Without the right to DROP a mirror is emptied by DELETE", arguments: MySQLServer.installed)
    func withoutDrop(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind, settings: ["max-allowed-packet=1M"])
        let server = fixture.server
        let orders = fixture.orders
        try server.sql("REVOKE DROP ON shop_copy.* FROM buz@'127.0.0.1'")
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        for id in 1...15_000 { maker.add(.create, orders, "{\"id\":\(id),\"name\":\"n\"}", key: "{\"id\":\(id)}") }
        maker.add(.truncate, orders)
        maker.add(.create, orders, #"{"id":7,"name":"x"}"#, key: #"{"id":7}"#)
        try await lane.deliver(maker.seal())
        #expect(try server.sql("SELECT id, name FROM orders") == "7|x")
        await lane.sink.close()
    }

    @Test(
        "A full tablespace is told as such, loses nothing, and goes on once there is room",
        arguments: MySQLServer.installed)
    func fullDisk(kind: MySQLServer.Kind) async throws {
        let full = try MySQLFixture(
            kind,
            settings: [
                "innodb-file-per-table=0", "innodb-data-file-path=ibdata1:12M:autoextend:max:24M",
            ])
        let sink = full.sink(.events)
        _ = try await sink.open()
        let maker = BatchMaker()
        let note = String(repeating: "x", count: 500_000)
        var failed: SinkFailure?
        var batches: [EventBatch] = []
        for id in 1...60 {
            maker.begin()
            maker.add(.create, full.orders, "{\"id\":\(id),\"name\":\"n\",\"note\":\"\(note)\"}", key: "{\"id\":\(id)}")
            batches.append(maker.seal())
            failed = await sink.write([BatchSlice(batches[id - 1])]).failure
            if failed != nil { break }
        }
        let failure = try #require(failed)
        #expect(failure.code == .storageFull && failure.message.contains("1114"), "\(failure)")
        try full.server.stop()
        try full.server.start(with: ["innodb-data-file-path=ibdata1:12M:autoextend:max:100M"])
        var outcome = await sink.write([BatchSlice(batches[batches.count - 1])])
        // The session that was lost with the server.
        if !outcome.isDelivered { outcome = await sink.write([BatchSlice(batches[batches.count - 1])]) }
        #expect(outcome.isDelivered, "\(outcome)")
        #expect(
            try full.server.sql("SELECT COUNT(*) - COUNT(DISTINCT uuid), COUNT(*) FROM events") == "0|\(batches.count)")
        await sink.close()
    }
}
