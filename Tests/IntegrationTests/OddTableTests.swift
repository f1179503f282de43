import TestServers
import Testing

extension BadInput {
    /// Names and shapes of tables that are legal and rare.
    @Suite("Odd tables")
    struct OddTableTests {
        /// The last byte of a name may be anything but zero; 63 of them are the most.
        static let names = [
            #"a "quoted" one"#, "with.dot", "select", "UPPER Case", "🎉👩‍👩‍👧", String(repeating: "x", count: 63),
            String(repeating: "é", count: 31), "quote\"\u{301}", "\u{301}starts with an accent", #"back\slash"#,
            "'; drop table x; --", "new\nline\ttab\r\n", "%s $1 {}", "null", "payload", "\u{1}control\u{7F}", " ", "0",
            "*", "!x",
            "a,b", "=", "_buz_op", "ctid2",
            // The same to Swift's strings, and two names to Postgres.
            "e\u{301}", "\u{E9}",
        ]

        @Test("Tables and columns of any name arrive", .timeLimit(.minutes(2)))
        func oddNames() throws {
            let columns = Self.names.map { "\(identifier($0)) text" }.joined(separator: ", ")
            let tables = Self.names.map(identifier)
            let stand = try Stand(
                schema: tables.map {
                    "create table \($0) (id int, \(columns), primary key (id, \(identifier("quote\"\u{301}"))));"
                }.joined())
            let values = Self.names.map { literal($0) }.joined(separator: ", ")
            try stand.deliver(tables.map { "insert into \($0) values (1, \(values)), (2, \(values));" }.joined())
            try stand.deliver(
                tables.map {
                    """
                    insert into \($0) values (3, \(values)); update \($0) set "null" = 'new' where id = 2;
                    update \($0) set id = 4, "select" = 'moved' where id = 3; delete from \($0) where id = 1;
                    """
                }.joined())
            try stand.expectEqual(tables)
            for name in Self.names {
                #expect(
                    try stand.events(
                        "select string_agg(op, '' order by n), bool_and(valid = 'true') from e where tab = \(literal(name))"
                    )
                        == "rrcuud|t", "the events of table \(name)")
            }
            // The value of each column is the column's own name.
            let different = Self.names.map { "p->>\(literal($0)) is distinct from \(literal($0))" }
            #expect(
                try stand.events(
                    "select count(*) from e where op in ('c', 'r') and (\(different.joined(separator: " or ")))")
                    == "0")
            #expect(try stand.deadLetters().isEmpty)
        }

        @Test("1,600 columns arrive; where three more do not fit, the events are dead letters", .timeLimit(.minutes(2)))
        func mostColumns() throws {
            let columns = (2...1600).map { "c\($0) smallint" }.joined(separator: ", ")
            let stand = try Stand(
                schema: "create table wide (id int primary key, \(columns)); create table keyless (id int, \(columns));"
            )
            let values = (2...1600).map { $0 % 7 == 0 ? "null" : "\($0)" }.joined(separator: ", ")
            try stand.deliver(
                "insert into wide values (1, \(values)), (2, \(values)); insert into keyless values (1, \(values));")
            try stand.deliver(
                """
                insert into wide values (3, \(values)); update wide set c1600 = -1 where id = 2; delete from wide where id = 1;
                insert into keyless values (2, \(values));
                """)
            try stand.expectEqual(["wide"])
            #expect(try stand.events("select count(*) from e where valid = 'true'") == "7")
            #expect(
                try stand.events(
                    "select count(*) from e where op <> 'd' and p->>'c1599' = '1599' and p->>'c14' is null") == "6")
            // A table without a key has three columns more in the mirror.
            #expect(try stand.deadLetters().allSatisfy { $0.contains("public.keyless") && $0.contains("1600 columns") })
            #expect(try stand.deadLetters().count == 2)
        }

        @Test(
            "A table without a key whose column has a name of the mirror's own is refused, others go on",
            .timeLimit(.minutes(2)))
        func ownNames() throws {
            let stand = try Stand(
                schema:
                    "create table log (line text, _buz_op text); create table keyed (id int primary key, _buz_op text);"
            )
            try stand.deliver("insert into log values ('before', 'x'); insert into keyed values (1, 'x');")
            try stand.deliver("insert into log values ('after', null); update keyed set _buz_op = 'y'; truncate log;")
            try stand.expectEqual(["keyed"])
            #expect(try stand.events("select string_agg(op, '' order by n) from e where tab = 'log'") == "rct")
            let letters = try stand.deadLetters()
            #expect(
                letters.count == 3 && letters.allSatisfy { $0.contains("public.log has a column _buz_op") },
                "\(letters)")
            // With a key it is a mirror like any other.
            try stand.deliver(
                "alter table log add id int generated always as identity primary key; insert into log values ('new', 'z')"
            )
            #expect(try stand.mirror("select line, _buz_op from log") == "new|z")
        }

        @Test(
            "A table that is added while the sidecar runs is told, with what to do for its older rows",
            .timeLimit(.minutes(2)))
        func addedTable() throws {
            let stand = try Stand(
                schema: """
                    create table old (id int primary key); create table added (id int primary key); insert into added values (1);
                    create publication buz_shop for table old;
                    """)
            try stand.sidecar.startReady()
            try stand.source(
                "insert into old values (1); alter publication buz_shop add table added; insert into added values (2)")
            try eventually(within: 60, "the row has not come: \(stand.sidecar.errors)") {
                (try? stand.mirror("select count(*) from added")) == "1"
            }
            #expect(stand.sidecar.errors.contains("table public.added is new to publication buz_shop"))
            #expect(stand.sidecar.errors.contains("start once with snapshot: always"))
            #expect(try stand.sidecar.terminate() == 0)
            let anew = try Sidecar(
                like: stand.sidecar, replacing: "slot: buz_shop", with: "slot: buz_shop\n      snapshot: always")
            try anew.runUntilIdle()
            try stand.expectEqual(["old", "added"])
        }

        @Test("Changes of partitions come as the root's, and no partition is called new", .timeLimit(.minutes(2)))
        func partitions() throws {
            let stand = try Stand(
                schema: """
                    create table parts (id int, at date, v text, primary key (id, at)) partition by range (at);
                    create table parts_1 partition of parts for values from ('2020-01-01') to ('2021-01-01');
                    create table parts_2 partition of parts for values from ('2021-01-01') to ('2022-01-01');
                    insert into parts values (1, '2020-05-05', 'a'), (2, '2021-05-05', 'b');
                    """)
            try stand.deliver()
            try stand.deliver(
                "update parts set at = '2021-06-06' where id = 1; insert into parts values (3, '2020-05-05', 'c')")
            try stand.expectEqual(["parts"])
            #expect(!stand.sidecar.errors.contains("is new to publication"), "\(stand.sidecar.errors)")
        }

        @Test("Tables of every replica identity arrive, also without a key, a column or a row", .timeLimit(.minutes(2)))
        func identities() throws {
            let stand = try Stand(
                schema: """
                    create table keyless (a int, b text);
                    create table full_keyless (a int, b text); alter table full_keyless replica identity full;
                    create table full_keyed (id int primary key, b text, big text); alter table full_keyed replica identity full;
                    alter table full_keyed alter big set storage external;
                    create table nothing (id int primary key, b text); alter table nothing replica identity nothing;
                    create table indexed (id int primary key, code text not null, b text);
                    create unique index indexed_code on indexed (code); alter table indexed replica identity using index indexed_code;
                    create table only_index (code text not null, n int not null, b text);
                    create unique index only_index_key on only_index (n, code);
                    alter table only_index replica identity using index only_index_key;
                    create table without_columns ();
                    create table all_key (a int, b text, primary key (b, a));
                    create table empty_one (id int primary key);
                    """)
            try stand.deliver(
                """
                insert into keyless values (1, 'x'), (1, 'x'); insert into full_keyless values (1, 'x'), (2, 'y');
                insert into full_keyed values (1, 'x', repeat('big', 3000)), (2, 'y', repeat('big', 3000)); insert into nothing values (1, 'x');
                insert into indexed values (1, 'a', 'x'), (2, 'b', 'y'); insert into only_index values ('a', 1, 'x'), ('b', 2, 'y');
                insert into without_columns default values; insert into all_key values (1, 'x'), (2, 'y');
                """)
            try stand.deliver(
                """
                insert into keyless values (null, null); update full_keyless set b = null where a = 1; delete from full_keyless where a = 2;
                update full_keyed set b = null where id = 1; update full_keyed set id = 3 where id = 2; delete from full_keyed where id = 1;
                insert into nothing values (2, 'y'); update indexed set code = 'c' where id = 1; delete from indexed where id = 2;
                update indexed set b = 'new'; update only_index set n = 3 where n = 1; delete from only_index where n = 2;
                insert into without_columns default values; update all_key set a = 9 where a = 1; delete from all_key where a = 2;
                """)
            try stand.expectEqual(["full_keyed", "indexed", "only_index", "all_key", "empty_one", "nothing"])
            #expect(try stand.mirror("select count(*) from keyless") == "3")
            #expect(
                try stand.mirror(
                    "select string_agg(_buz_op, '' order by _buz_commit_lsn, _buz_ordinal) from full_keyless") == "rrud"
            )
            #expect(try stand.mirror("select count(*) from without_columns") == "2")
            #expect(
                try stand.events(
                    "select c->'before'->>'big' = repeat('big', 3000) from e where tab = 'full_keyed' and op = 'd'")
                    == "t")
            #expect(
                try stand.events("select count(*) from e where tab = 'full_keyed' and c->'unchanged' is not null")
                    == "0")
            #expect(try stand.deadLetters().isEmpty)
            // Postgres refuses the application's own statement, as our publication publishes updates.
            #expect(throws: (any Error).self) { try stand.source("update nothing set b = 'z'") }
            let check = try stand.sidecar.command(["check", "--config", stand.sidecar.configuration])
            #expect(
                (check.output + check.errors).contains("nothing") && (check.output + check.errors).contains("keyless"),
                "\(check)")
        }

        @Test(
            "Generated columns are left out, or come as the server sends them", .timeLimit(.minutes(2)),
            arguments: PostgresServer.matrix)
        func generatedColumns(major: Int) throws {
            let virtual = major >= 18 ? ", v int generated always as (a + 1) virtual" : ""
            let stand = try Stand(
                major,
                schema:
                    "create table g (id int primary key, a int, b int generated always as (a * 2) stored\(virtual), z text);"
            )
            try stand.deliver("insert into g (id, a, z) values (1, 1, 'one');")
            try stand.deliver("insert into g (id, a, z) values (2, 2, 'two'); update g set a = 5 where id = 1;")
            #expect(try stand.mirror("select id, a, z from g order by id") == "1|5|one\n2|2|two")
            #expect(try stand.events("select count(*) from e where valid = 'true' and p->'b' is null") == "3")
            if major >= 18 {
                try stand.source("alter publication buz_shop set (publish_generated_columns = stored)")
                try stand.deliver("insert into g (id, a, z) values (3, 3, 'three');")
                #expect(try stand.events("select p->>'b' from e order by n desc limit 1") == "6")
                #expect(try stand.mirror("select id, a, b, z from g where id = 3") == "3|3|6|three")
            }
        }
    }
}
