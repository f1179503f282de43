import CoreIngest
import TestServers
import Testing

/// `buz-cdc verify` against real databases.
@Suite("Verify", .serialized)
struct VerifyTests {
    private func verify(_ stand: Stand, _ more: [String] = []) throws -> (code: Int32, output: String, errors: String) {
        try stand.sidecar.command(
            ["verify", "--config", stand.sidecar.configuration, "--load", "100"] + more, seconds: 300)
    }

    @Test("One changed cell, one missing and one extra row are found among many, and nothing else")
    func findsWhatDiffers() throws {
        let stand = try Stand(
            schema: """
                create table wide (id bigint primary key, name text, price numeric(12,2), at timestamptz, tags text[], data jsonb);
                insert into wide select i, 'n' || i, i / 7.0, timestamptz '2026-01-01 00:00Z' + i * interval '1 s', array['a', 'b' || i],
                  jsonb_build_object('i', i) from generate_series(1, 120000) i;
                create table words (word text, part int, n int, primary key (word, part));
                insert into words select md5(i::text), i % 3, i from generate_series(1, 20000) i;
                create table plain (a int);
                alter table plain replica identity full;
                """)
        try stand.deliver()
        let equal = try verify(stand, ["public.wide", "public.words"])
        #expect(equal.code == 0, "\(equal)")
        #expect(equal.output.contains("120000"), "\(equal.output)")
        _ = try stand.mirror(
            """
            update wide set price = price + 0.01 where id = 77777;
            delete from wide where id = 100001;
            insert into wide values (-5, 'extra');
            update words set n = null where word = md5('4711');
            """)
        let found = try verify(stand)
        #expect(found.code == 1)
        #expect(found.output.contains("public.wide id=77777: differs in price"), "\(found)")
        #expect(found.output.contains("public.wide id=100001: missing in the mirror"), "\(found)")
        #expect(found.output.contains("public.wide id=-5: only in the mirror"), "\(found)")
        #expect(found.output.contains("part=1: differs in n") || found.output.contains("differs in n"), "\(found)")
        #expect(found.output.contains("not compared: it has no key"), "\(found)")
        #expect(
            found.errors.contains("0 tables equal, 2 different, 0 unsettled, 1 not compared"), "\(found.errors)")
        let lines = found.output.split(separator: "\n").filter { $0.hasPrefix("public.w") && $0.contains("=") }
        #expect(lines.count == 4, "\(found.output)")
    }

    @Test("While traffic runs, a mirror that follows is equal, and a cell changed behind its back is found")
    func worksUnderTraffic() throws {
        let stand = try Stand(
            schema: """
                create table hot (id int primary key, n int, at timestamptz default now());
                insert into hot select i, 0 from generate_series(1, 30000) i;
                """)
        try stand.deliver()
        try stand.sidecar.startReady()
        let traffic = try ChildProcess(
            [
                "\(try #require(PostgresServer.binaries(of: stand.server.major)))/psql", "-q", "-d",
                stand.server.url("shop"), "-c",
                """
                do $$ begin loop
                  update hot set n = n + 1 where id = 1 + (random() * 29000)::int; commit; perform pg_sleep(0.005);
                end loop; end $$
                """,
            ], folder: stand.sidecar.folder)
        defer { traffic.stop(9) }
        for _ in 0..<3 {
            let equal = try verify(stand)
            #expect(equal.code == 0, "\(equal)")
        }
        _ = try stand.mirror("update hot set n = -1 where id = 29999")
        let found = try verify(stand, ["--sink", "replica", "--json"])
        #expect(found.code == 1)
        #expect(found.output.contains(#"{"kind":"different","key":{"id":"29999"},"columns":["n"]}"#), "\(found)")
        #expect(traffic.exitCode == nil, "the traffic ended before the comparison did: \(traffic.errors)")
    }

    @Test("Bad usage and unreachable databases are one line each")
    func explainsItself() throws {
        let stand = try Stand(schema: "create table t (id int primary key)")
        let noSink = try verify(stand, ["--sink", "nobody"])
        #expect(noSink.code == 2 && noSink.errors.contains("there are lake, replica"), "\(noSink)")
        let noMirror = try verify(stand, ["--sink", "lake"])
        #expect(noMirror.code == 2 && noMirror.errors.contains("no mirror"), "\(noMirror)")
        let early = try verify(stand)
        #expect(early.code == 1 && early.errors.contains("publishes no tables"), "\(early)")
        try stand.deliver()
        let noTable = try verify(stand, ["public.other"])
        #expect(noTable.code == 2 && noTable.errors.contains("no published table"), "\(noTable)")
        try stand.server.stop()
        let gone = try verify(stand)
        #expect(gone.code == 1 && gone.errors.split(separator: "\n").count == 1, "\(gone)")
    }
}

/// `buz-cdc verify` against a mirror whose digests are made here.
@Suite("Verify a sqlite mirror", .serialized)
struct VerifySQLiteTests {
    @Test("Values of every type are equal by snapshot and by stream, and one changed cell is found")
    func everyType() throws {
        let hasContrib = try PostgresServer(PostgresServer.usual).hasContrib()
        let columns = EveryType.columns(hasContrib: hasContrib)
        let folder = try TemporaryFolder("verify-sqlite")
        let stand = try Stand(
            schema: """
                \(EveryType.definitions(hasContrib: hasContrib))
                create table t (id int primary key, \(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));
                create table words (word text, part int, at timestamptz, n int, primary key (word, part, at));
                insert into words select md5(i::text), i % 3, '2026-01-01Z'::timestamptz + i * interval '1 s', i from generate_series(1, 3000) i;
                create table money (amount numeric primary key, v text);
                insert into money select i / 7.0, 'v' || i from generate_series(1, 3000) i;
                \(EveryType.insert(columns, from: 1, to: 150, seed: 0.25))
                """,
            sinks: "- {name: laptop, type: sqlite, mode: mirror, path: \(folder.path)/shop.sqlite}")
        try stand.deliver()
        try stand.deliver(
            """
            \(EveryType.insert(columns, from: 151, to: 300, seed: -0.25));
            update words set n = n + 1 where part = 1; delete from words where n % 100 = 0;
            """)
        func verify() throws -> (code: Int32, output: String, errors: String) {
            try stand.sidecar.command(
                ["verify", "--config", stand.sidecar.configuration, "--load", "100"], seconds: 300)
        }
        let equal = try verify()
        #expect(equal.code == 0, "\(equal)")
        let database = try SQLiteDatabase(path: "\(folder.path)/shop.sqlite")
        try database.execute(
            """
            UPDATE words SET n = -1 WHERE word = (SELECT word FROM words WHERE n = 999);
            UPDATE money SET v = v || ' ' WHERE v = 'v77'; DELETE FROM t WHERE id = 200;
            """)
        let found = try verify()
        #expect(found.code == 1)
        #expect(found.output.contains("differs in n") && found.output.contains("differs in v"), "\(found)")
        #expect(found.output.contains("public.t id=200: missing in the mirror"), "\(found)")
        #expect(found.errors.contains("0 tables equal, 3 different, 0 unsettled, 0 not compared"), "\(found.errors)")
        #expect(found.output.split(separator: "\n").filter { $0.contains("=") && $0.hasPrefix("public.") }.count == 3)
    }

    @Test("A mirror that cannot take a changed type is made anew by dropping it, as its line says")
    func droppedAfterRefusal() throws {
        let folder = try TemporaryFolder("dropped")
        let stand = try Stand(
            schema: "create table t (id int primary key, v text); create table u (id int primary key);",
            sinks: "- {name: laptop, type: sqlite, mode: mirror, path: \(folder.path)/shop.sqlite, retry: {max: 500ms}}"
        )
        try stand.deliver("insert into t values (1, 'x')")
        // Rows of the old shape and of the new one wait together.
        try stand.source(
            """
            insert into t values (2, 'y'); alter table t alter id type text; insert into t values ('three', 'z');
            insert into u values (1);
            """)
        try stand.sidecar.start()
        try eventually(within: 30, "no word of it: \(stand.sidecar.errors)") {
            stand.sidecar.get("/health/ready")?.body.contains("drop the table, then take a fresh snapshot") == true
        }
        let database = try SQLiteDatabase(path: "\(folder.path)/shop.sqlite")
        try database.execute("DROP TABLE t")
        try eventually(within: 30, "still refused: \(stand.sidecar.errors)") {
            stand.sidecar.metric(#"buz_sink_lag_seconds{sink="laptop"}"#) == 0
                && stand.sidecar.get("/health/ready")?.status == 200
        }
        try stand.sidecar.terminate()
        var rows = try database.prepare("SELECT (SELECT group_concat(id) FROM t), (SELECT count(*) FROM u)")
        #expect(try rows.step())
        #expect(rows.text(0) == "three" && rows.integer(1) == 1)
    }

    @Test(
        "Of two tables that would share a mirror the first has it, also after a restart, and the other's rows are dead letters"
    )
    func sharedMirror() throws {
        let folder = try TemporaryFolder("shared")
        let stand = try Stand(
            schema: """
                create table orders (id int primary key, v text); create table t (id int primary key);
                insert into orders values (1, 'small');
                """,
            sinks: "- {name: laptop, type: sqlite, mode: mirror, path: \(folder.path)/shop.sqlite}")
        try stand.deliver()
        try stand.deliver(#"create table "Orders" (id int primary key, v text)"#)
        // The first events of the next run are the other table's.
        try stand.deliver(
            """
            insert into "Orders" values (1, 'large'), (2, 'large'); insert into orders values (3, 'small');
            insert into t values (1);
            """)
        #expect(
            stand.sidecar.errors.contains("which is the mirror of public.orders of input shop"),
            "\(stand.sidecar.errors)")
        try stand.deliver(#"update "Orders" set v = 'huge'; insert into t values (2)"#)
        func rows() throws -> String {
            let database = try SQLiteDatabase(path: "\(folder.path)/shop.sqlite")
            var rows = try database.prepare(
                "SELECT (SELECT group_concat(id || v) FROM orders) || ' ' || (SELECT count(*) FROM t)")
            #expect(try rows.step())
            return rows.text(0)
        }
        #expect(try rows() == "1small,3small 2")
        // A replay does not bring them there either.
        let replay = try stand.sidecar.command(["deadletters", "replay", "--config", stand.sidecar.configuration])
        #expect(replay.code == 1 && replay.errors.contains("4 dead letters were not taken"), "\(replay)")
        #expect(try rows() == "1small,3small 2")
        // The line's own way out, once the other is gone.
        let state = try SQLiteDatabase(path: "\(stand.sidecar.folder.path)/state/state.sqlite")
        try state.execute("DELETE FROM state WHERE key = 'mirrors/laptop/orders'")
        try stand.deliver(#"drop table orders; insert into "Orders" values (4, 'large')"#)
        #expect(try rows() == "1small,3small,4large 2")
    }
}
