import Glibc
import TestServers
import Testing

/// Values that are legal in Postgres, and that JSON, UTF-8 or memory make hard.
extension BadInput {
    @Suite("Odd values")
    struct OddValueTests {
        @Test(
            "Bytes of an SQL_ASCII database that are not UTF-8 are replaced, and the event says so",
            .timeLimit(.minutes(2)),
            arguments: [PostgresServer.matrix.first ?? 14, PostgresServer.matrix.last ?? 18])
        func invalidUTF8(major: Int) throws {
            let stand = try Stand(
                major, create: "encoding 'SQL_ASCII' template template0",
                schema: """
                    create table t (id int primary key, v text, list text[], doc json, raw bytea);
                    create table k (id text primary key);
                    create function bytes(b bytea) returns text language sql as $$ select encode(b, 'escape') $$;
                    """)
            // Text of any bytes comes by COPY only, as psql's own text is UTF-8 here.
            let lines = [
                "1\tok ü\t{a}\t{}\t\\\\x00", "2\t\\xff\\xc3\\x28 x\t{\"\\xe4\",b}\t{\"a\": \"\\xfc\"}\t\\\\xff",
            ]
            func copy(_ offset: Int) throws {
                let rows = lines.map { line in
                    let id = Int(line.prefix(1)).map { "\($0 + offset)" } ?? ""
                    return id + line.dropFirst()
                }
                try stand.source(
                    "set client_encoding = 'SQL_ASCII';\ncopy t from stdin;\n\(rows.joined(separator: "\n"))\n\\.\n"
                        + "copy k from stdin;\nkey \\xe4 \(offset)\n\\.\n")
            }
            try copy(0)
            try stand.deliver()
            try copy(10)
            try stand.deliver("update t set v = v || '!' where id = 2;")
            #expect(
                try stand.events(
                    "select string_agg(op || coalesce(c->>'repaired', ''), ' ' order by n) from e where tab = 't'")
                    == "r rtrue c ctrue utrue")
            #expect(
                try stand.events(
                    "select p->>'v', p->'list'->>0, p->'doc'->>'a', p->>'raw' from e where tab = 't' order by n")
                        == """
                        ok ü|a||\\x00
                        \u{FFFD}\u{FFFD}( x|\u{FFFD}|\u{FFFD}|\\xff
                        ok ü|a||\\x00
                        \u{FFFD}\u{FFFD}( x|\u{FFFD}|\u{FFFD}|\\xff
                        \u{FFFD}\u{FFFD}( x!|\u{FFFD}|\u{FFFD}|\\xff
                        """)
            #expect(try stand.mirror("select count(*) from t") == "4")
            #expect(try stand.mirror("select id from k order by id") == "key \u{FFFD} 0\nkey \u{FFFD} 10")
            #expect(try stand.deadLetters().isEmpty)
            let check = try stand.sidecar.command(["check", "--config", stand.sidecar.configuration])
            #expect((check.output + check.errors).contains("SQL_ASCII"), "\(check)")
        }

        @Test("JSON that Postgres itself cannot take apart stays as it is", .timeLimit(.minutes(1)))
        func extremeJSON() throws {
            let texts = [
                #""\u0000""#, #"{"a\u0000b": 1, "a\u0000b": 2}"#, #""\ud800""#,
                String(repeating: "[", count: 900)
                    + String(repeating: "]", count: 900), String(repeating: "9", count: 200_000),
            ]
            let stand = try Stand(schema: "create table t (id int primary key, doc json, list json[]);")
            try stand.deliver("insert into t values (0, '[\n1,\r\n\t2]', array['[1]', '{}']::json[]);")
            try stand.deliver(
                texts.enumerated().map { "insert into t values (\($0 + 1), \(literal($1)), null);" }.joined())
            let lines = stand.sidecar.lines()
            #expect(lines.count == 6)
            for (text, line) in zip(texts, lines.dropFirst()) {
                #expect(line.contains("\"doc\":\(text),"), "…\(text.prefix(40))…")
            }
            #expect(try stand.mirror("select count(*), count(distinct doc::text) from t") == "6|6")
            #expect(try stand.deadLetters().isEmpty)
            // Nested deeper than validation would read: without a contract no row is read again.
            try stand.deliver(
                "insert into t values (9, (repeat('[', 3000) || repeat(']', 3000))::json, null); insert into t values (10, '1', null);"
            )
            #expect(try stand.deadLetters().isEmpty)
            #expect(try stand.mirror("select count(*), max(length(doc::text)) from t where id > 5") == "2|6000")
        }

        @Test(
            "A value of 100 MB arrives in the file and in the mirror", .timeLimit(.minutes(3)),
            .enabled(if: hasMemory(GiB: 3), "needs 3 GiB of free memory"))
        func largeValue() throws {
            let stand = try Stand(schema: "create table t (id int primary key, v text, b bytea);")
            try stand.source("insert into t values (1, 'small', null)")
            try stand.sidecar.startReady()
            try stand.source(
                "insert into t values (2, repeat('0123456789 \"q\" ü ', 5000000), null); insert into t values (3, 'after', null);"
            )
            try eventually(within: 120, "the mirror has the last row; \(stand.sidecar.errors)") {
                (try? stand.mirror("select count(*) from t")) == "3"
            }
            let same = "select length(v), md5(v) from t where id = 2"
            #expect(try stand.mirror(same) == stand.source(same))
            #expect(try stand.sidecar.terminate() == 0)
            let written = stand.sidecar.files().reduce(0) { $0 + fileSize($1) }
            #expect(written > 100_000_000)
            #expect(try stand.deadLetters().isEmpty)
        }

        @Test(
            "A row that Postgres itself cannot send ends with what to do", .timeLimit(.minutes(3)),
            .enabled(if: hasMemory(GiB: 6), "needs 6 GiB of free memory"))
        func rowBeyondPostgres() throws {
            let stand = try Stand(schema: "create table t (id int primary key, b bytea);", sinks: Sidecar.fileSink)
            try stand.deliver("insert into t values (1, null)")
            // As text it is twice as long.
            try stand.source("insert into t values (2, convert_to(repeat('x', 600000000), 'UTF8'))")
            for (mode, advice) in [("initial", "snapshot: always"), ("always", "start again")] {
                let sidecar = try Sidecar(
                    like: stand.sidecar, replacing: "slot: buz_shop", with: "slot: buz_shop\n      snapshot: \(mode)")
                try sidecar.start(["--until-idle", "1"])
                #expect(try sidecar.process?.wait(seconds: 120) == 1)
                let errors = sidecar.errors
                #expect(errors.contains("1 GB of text that Postgres can send"), "\(errors)")
                #expect(errors.contains("a column list") && errors.contains(advice), "\(errors)")
                #expect(errors.contains("a row of public.t") == (mode == "always"), "\(errors)")
            }
            let list = stand.server.major >= 15
            try stand.source(list ? "alter publication buz_shop set table t (id)" : "delete from t where id = 2")
            let mended = try Sidecar(
                like: stand.sidecar, replacing: "slot: buz_shop", with: "slot: buz_shop\n      snapshot: always")
            try mended.runUntilIdle()
            #expect(try stand.events("select count(*) from e where op = 'r' and p->>'id' = '2'") == (list ? "1" : "0"))
        }
    }
}

private func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// Whether so much memory is free.
private func hasMemory(GiB: Int) -> Bool {
    for line in readText("/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
        return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 >> 20 >= GiB } ?? false
    }
    return false
}
