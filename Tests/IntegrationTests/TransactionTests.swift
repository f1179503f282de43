import TestServers
import Testing

extension BadInput {
    /// What transactions and publications can do to a stream.
    @Suite("Transactions and publications")
    struct TransactionTests {
        @Test(
            "Only what was committed arrives, in the order of commits", .timeLimit(.minutes(2)),
            arguments: PostgresServer.matrix)
        func transactions(major: Int) throws {
            let stand = try Stand(
                major,
                schema: """
                    create table t (id int primary key, v text); create table child (id int primary key, t int references t);
                    create unlogged table unlogged_one (id int primary key); create table other (id int primary key);
                    """)
            try stand.deliver("insert into t values (0, 'snapshot');")
            try stand.deliver(
                """
                begin; insert into t values (1, 'rolled back'); select pg_logical_emit_message(false, 'always', 'kept "as is" \\ 😀');
                  select pg_logical_emit_message(true, 'never', 'rolled back'); rollback;
                begin; insert into t values (2, 'kept'); savepoint a; insert into t values (3, 'undone'); rollback to a;
                  savepoint b; insert into t values (3, 'kept'); release b; select pg_logical_emit_message(true, 'x', E'\\\\x00ff'::bytea); commit;
                begin; commit;
                begin; create temp table temporary_one (id int); insert into temporary_one values (1); insert into unlogged_one values (1); commit;
                begin; insert into t values (4, 'prepared'); prepare transaction 'one';
                begin; insert into t values (5, 'prepared, undone'); prepare transaction 'two';
                insert into t values (6, 'before the prepared one');
                commit prepared 'one'; rollback prepared 'two';
                insert into child values (1, 2); insert into other values (1);
                truncate t cascade;
                truncate other restart identity;
                insert into t values (7, 'last');
                """)
            let story = try stand.events("select string_agg(op || coalesce(p->>'id', tab, ''), ' ' order by n) from e")
            #expect(story == "r0 m c2 c3 m c6 c4 c1 c1 tt tchild tother c7")
            #expect(
                try stand.events("select p->>'prefix', p->>'content' from e where op = 'm' order by p->>'prefix'")
                    == "always|kept \"as is\" \\ 😀\nx|\\x00ff")
            #expect(
                try stand.events("select count(*), count(distinct line->>'uuid'), bool_and(valid = 'true') from e")
                    == "13|13|t")
            try stand.expectEqual(["t", "child", "other"])
            let letters = try stand.deadLetters()
            #expect(letters.isEmpty, "\(letters)")
        }

        @Test(
            "Partitioned tables arrive as their root, or as partitions of a user's own publication",
            .timeLimit(.minutes(2)), arguments: [true, false])
        func partitions(viaRoot: Bool) throws {
            let tables = """
                create table p (id int, region text, v text, primary key (id, region)) partition by list (region);
                create table p_eu partition of p for values in ('eu'); create table p_us (v text, region text not null, id int not null);
                alter table p attach partition p_us for values in ('us');
                """
            let own = "create publication buz_shop for table p with (publish_via_partition_root = false);"
            let stand = try Stand(schema: tables + (viaRoot ? "" : own))
            try stand.deliver("insert into p values (1, 'eu', 'x'), (2, 'us', 'y'), (3, 'us', 'z');")
            try stand.deliver(
                """
                insert into p values (4, 'eu', 'x'); update p set v = 'new' where id = 2; update p set region = 'eu' where id = 3;
                delete from p where id = 1; create table p_as partition of p for values in ('as'); insert into p values (5, 'as', 'a');
                alter table p detach partition p_as; insert into p_as values (6, 'as', 'not of p');
                truncate p_us; insert into p values (7, 'us', 'u');
                """)
            if viaRoot {
                #expect(try stand.events("select string_agg(distinct tab, ',') from e") == "p")
                // Postgres publishes no truncation of one partition as one of the root.
                #expect(
                    try stand.mirror("select id, region, v from p order by id")
                        == "2|us|new\n3|eu|z\n4|eu|x\n5|as|a\n7|us|u")
            } else {
                #expect(
                    try stand.events("select string_agg(distinct tab, ',' order by tab) from e") == "p_as,p_eu,p_us")
                try stand.expectEqual(["p_eu", "p_us"])
                #expect(try stand.mirror("select id from p_as") == "5")
            }
            let letters = try stand.deadLetters()
            #expect(letters.isEmpty, "\(letters)")
        }

        @Test(
            "Row filters and column lists of a user's own publication hold for snapshot and stream",
            .timeLimit(.minutes(2)),
            arguments: PostgresServer.matrix.filter { $0 >= 15 })
        func filters(major: Int) throws {
            let stand = try Stand(
                major,
                schema: """
                    create table t (id int primary key, secret text, n int, "odd "" name" text);
                    alter table t replica identity full;
                    create table listed (id int primary key, secret text, kept text);
                    create publication buz_shop for table t where (n > 10 and "odd "" name" <> 'it''s'), listed (kept, id);
                    """)
            try stand.deliver(
                """
                insert into t values (1, 's', 5, 'x'), (2, 's', 50, 'x'), (3, 's', 50, 'it''s'), (4, 's', 60, 'x');
                insert into listed values (1, 'hidden', 'seen');
                """)
            try stand.deliver(
                """
                update t set n = 51 where id = 1; update t set n = 1 where id = 2; update t set n = 61 where id = 4; delete from t where id = 3;
                insert into t values (5, 's', 1, 'x'); insert into listed values (2, 'hidden', 'seen');
                update listed set secret = 'still hidden', kept = 'new' where id = 1; delete from listed where id = 2;
                """)
            #expect(
                try stand.events("select string_agg(op || tab || coalesce(p->>'id', '?'), ' ' order by tab, n) from e")
                    == "rlisted1 clisted2 ulisted1 dlisted2 rt2 rt4 ct1 dt2 ut4")
            #expect(try stand.mirror("select id, n from t order by id") == "1|51\n4|61")
            #expect(try stand.mirror("select id, kept from listed") == "1|new")
            #expect(try stand.events("select count(*) from e where line::text like '%hidden%'") == "0")
            #expect(try stand.events("select count(*) from e where valid <> 'true'") == "0")
            let letters = try stand.deadLetters()
            #expect(letters.isEmpty, "\(letters)")
        }
    }
}
