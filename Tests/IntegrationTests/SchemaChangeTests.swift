import Glibc
import TestServers
import Testing

extension BadInput {
    /// Tables that change while their changes are streamed.
    @Suite("Schema changes")
    struct SchemaChangeTests {
        @Test("Columns that are added, dropped, renamed and retyped are followed or told of", .timeLimit(.minutes(2)))
        func columnsChange() throws {
            let stand = try Stand(
                schema: """
                    create table t (id int primary key, a text, n int, gone text, v varchar(3));
                    create table typed (id int primary key, v text);
                    """)
            try stand.deliver("insert into t values (1, 'x', 1, 'g', 'abc'); insert into typed values (1, 'x');")
            // All within one run, some within one transaction with rows before and after.
            try stand.deliver(
                """
                begin;
                insert into t values (2, 'x', 2, 'g', 'abc');
                alter table t add added jsonb, add "another one" timestamptz default '2026-01-01';
                insert into t values (3, 'x', 3, 'g', 'abc', '{"a": 1}');
                alter table t drop gone;
                insert into t values (4, 'x', 4, 'abc', '[]');
                alter table t add gone text;
                insert into t (id, a, n, v, gone) values (5, 'x', 5, 'abc', 'back');
                commit;
                alter table t rename a to renamed;
                alter table t alter n type bigint, alter v type varchar(30);
                insert into t (id, renamed, n, v) values (6, 'y', 9223372036854775807, 'longer than three');
                update t set n = n where id <= 2;
                alter table typed alter v type int using 7;
                insert into typed values (2, 8);
                """)
            #expect(try stand.events("select count(*), bool_and(valid = 'true') from e where op <> 's'") == "10|t")
            // Each shape is announced before its first row, with its place in the transaction.
            #expect(
                try stand.events(
                    """
                    select string_agg(op || case when op = 's' then ' ' || (p->>'class') || ' ' || (p->>'to') else '' end
                      || ' ' || (c->>'ordinal'), E'\n' order by n)
                    from e where tab = 't' and op <> 'r'
                    """) == Self.announced)
            #expect(
                try stand.events("select p->>'renamed', p->>'n', p->>'v' from e where p->>'id' = '6'")
                    == "y|9223372036854775807|longer than three")
            #expect(
                try stand.mirror("select id, a, renamed, n, gone, v, added from t order by id")
                    == """
                    1|x|x|1||abc|
                    2|x|x|2||abc|
                    3|x||3|g|abc|{"a": 1}
                    4|x||4||abc|[]
                    5|x||5|back|abc|
                    6||y|9223372036854775807||longer than three|
                    """)
            // Rewriting a table is no change of its rows: what was there before stays in the mirror.
            #expect(try stand.mirror("select v from typed order by id") == "x\n8")
            #expect(try stand.deadLetters().isEmpty)
        }

        private static let announced = """
            c 0
            s addition iglu:com.acme.shop/t/jsonschema/1-0-1 1
            c 1
            s revision iglu:com.acme.shop/t/jsonschema/1-1-0 2
            c 2
            s addition iglu:com.acme.shop/t/jsonschema/1-1-1 3
            c 3
            s model iglu:com.acme.shop/t/jsonschema/2-0-0 0
            c 0
            u 0
            u 1
            """

        @Test(
            "Announcements come in order, and once where positions are stored, whatever is killed when",
            .timeLimit(.minutes(2)))
        func announcementsSurviveCrashes() throws {
            let server = try PostgresServer()
            try server.sql("create database shop")
            try server.sql("create database stored")
            try server.sql("create table t (id int primary key)", database: "shop")
            let sidecar = try Sidecar(
                url: server.url("shop"),
                sinks: """
                    \(Sidecar.fileSink)
                    - {name: stored, type: postgres, url: "\(server.url("stored"))"}
                    """)
            try server.sql("insert into t values (0)", database: "shop")
            try sidecar.runUntilIdle()
            try sidecar.startReady()
            var generator = SeededGenerator(seed: 7)
            for round in 1...20 {
                try server.sql(
                    "begin; insert into t (id) values (\(-round)); alter table t add c\(round) int; insert into t (id) values (\(round)); commit;",
                    database: "shop")
                usleep(UInt32.random(in: 0...150_000, using: &generator))
                if round % 2 == 0 {
                    sidecar.kill9()
                    try sidecar.start()
                }
            }
            try sidecar.waitReady()
            #expect(try sidecar.terminate() == 0, "\(sidecar.errors)")
            try sidecar.runUntilIdle()
            let story = """
                select string_agg(version, ' ' order by commit_lsn, ordinal, op desc) from (
                  select commit_lsn, ordinal, op, case op when 's' then '>' || (envelope->'payload'->>'to')
                    else envelope->>'schema' end as version from events where op <> 'r') x
                """
            let expected = (1...20).map { round in
                let (old, new) = (
                    "iglu:com.acme.shop/t/jsonschema/1-0-\(round - 1)", "iglu:com.acme.shop/t/jsonschema/1-0-\(round)"
                )
                return "\(old) >\(new) \(new)"
            }
            #expect(try server.sql(story, database: "stored") == expected.joined(separator: " "))
        }

        @Test(
            "A contract is put into force, broken, mended and taken away while rows flow, and derived schemas are published",
            .timeLimit(.minutes(2)))
        func contractsAtRunTime() throws {
            let registry = try TemporaryFolder("registry")
            let stand = try Stand(
                schema: "create table t (id int primary key, n int)",
                more: "registry: {ttlSeconds: 1, publish: true, backend: {type: file, path: \(registry.path)}}")
            let folder = "\(registry.path)/com.acme.shop/t/jsonschema"
            try stand.sidecar.startReady()
            func send(_ id: Int, _ n: Int, as version: String, valid: Bool) throws {
                var id = id
                // The registry is asked once a second: rows are sent until one is checked against what it has.
                try eventually(within: 20, "rows are not checked against \(version): \(stand.sidecar.errors)") {
                    id += 1
                    let before = try stand.deadLetters().count
                    try stand.source("insert into t values (\(id), \(n))")
                    try eventually(within: 10, "row \(id) does not come") {
                        try stand.events("select count(*) from e where p->>'id' = '\(id)'") == "1"
                            || stand.deadLetters().count > before
                    }
                    let seen = try stand.events(
                        "select line->>'version' || (line->>'isValid') from e where p->>'id' = '\(id)'")
                    return valid ? seen == "\(version)true" : seen.isEmpty
                }
            }
            func contract(_ text: String?) throws {
                unlink("\(folder)/2-0-0")
                if let text { try writeText(text, to: "\(folder)/2-0-0") }
            }
            try send(100, -1, as: "1-0-0", valid: true)
            try eventually("the derived schema is published") { access("\(folder)/1-0-0", R_OK) == 0 }
            try contract(#"{"properties": {"n": {"type": "integer", "minimum": 0}}}"#)
            try send(200, -1, as: "2-0-0", valid: false)
            try send(300, 1, as: "2-0-0", valid: true)
            try contract(#"{"properties": {"n": {"type": "integer", "minimum": -5}}}"#)
            try send(400, -1, as: "2-0-0", valid: true)
            try contract(nil)
            try send(500, -9, as: "1-0-0", valid: true)
            try stand.source("alter table t add note text; insert into t values (600, 1, 'x')")
            try eventually("the next schema is published") { access("\(folder)/1-0-1", R_OK) == 0 }
            #expect(
                stand.sidecar.get("/stats")?.body.contains(#""publishedSchemas":{"published":2,"waiting":0"#) == true)
            let letters = try stand.deadLetters()
            #expect(!letters.isEmpty && letters.allSatisfy { $0.contains("must be at least") }, "\(letters)")
            #expect(try stand.sidecar.terminate() == 0)
        }

        @Test(
            "A change of type whose values do not fit the mirror's column makes dead letters", .timeLimit(.minutes(2)))
        func typeThatDoesNotFit() throws {
            let stand = try Stand(
                schema: "create table t (id int primary key, v int); create table other (id int primary key);")
            try stand.deliver("insert into t values (1, 1);")
            try stand.deliver(
                """
                alter table t alter v type text; insert into t values (2, '22'); insert into t values (3, 'words');
                insert into other values (1);
                """)
            #expect(try stand.mirror("select id, v from t order by id") == "1|1\n2|22")
            try stand.expectEqual(["other"])
            #expect(try stand.events("select count(*) from e where valid = 'true' and op <> 's'") == "4")
            let letters = try stand.deadLetters()
            #expect(letters.count == 1 && letters[0].contains("22P02") && !letters[0].contains("words"), "\(letters)")
        }

        @Test("Tables that are dropped, made again, renamed or given another key are followed", .timeLimit(.minutes(2)))
        func tablesChange() throws {
            let stand = try Stand(
                schema: """
                    create table dropped (id int primary key, v text); create table renamed (id int primary key);
                    create table rekeyed (id int primary key, code text not null unique);
                    """)
            try stand.deliver(
                "insert into dropped values (1, 'old'); insert into renamed values (1); insert into rekeyed values (1, 'a');"
            )
            try stand.deliver(
                """
                insert into dropped values (2, 'old'); drop table dropped; create table dropped (id text primary key, w int);
                alter publication buz_shop add table dropped; insert into dropped values ('3', 3);
                insert into renamed values (2); alter table renamed rename to "new name"; insert into "new name" values (3);
                alter table rekeyed drop constraint rekeyed_pkey, add primary key (code); insert into rekeyed values (2, 'b');
                update rekeyed set id = 7 where code = 'a';
                """)
            #expect(
                try stand.events("select string_agg(op || tab, ' ' order by n) from e where op <> 'r'")
                    == "cdropped sdropped cdropped crenamed cnew name srekeyed crekeyed urekeyed")
            #expect(try stand.mirror("select id from \"new name\"") == "3")
            #expect(try stand.mirror("select id, code from rekeyed order by code") == "7|a\n2|b")
            #expect(try stand.mirror("select id, v, w from dropped order by id") == "1|old|\n2|old|\n3||3")
        }
    }
}
