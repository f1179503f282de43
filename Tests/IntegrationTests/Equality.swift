import TestServers
import Testing

/// Compares a mirror with its source, table by table, by the hash of all rows.
func expectMirrorEqual(
    source: PostgresServer, _ sourceDatabase: String = "shop", mirror: PostgresServer,
    _ mirrorDatabase: String = "shop_copy",
    tables: [String] = Shop.tables, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    for table in tables {
        let columns = try source.sql(
            """
            select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
            where attrelid = '\(table)'::regclass and attnum > 0 and not attisdropped
            """, database: sourceDatabase)
        let hash =
            "select count(*), md5(string_agg(h, '' order by h)) from (select md5(t::text) h from (select \(columns) from \(table)) t) x"
        let settings = "set extra_float_digits = 3; set timezone = 'UTC';"
        let expected = try source.sql(settings + hash, database: sourceDatabase)
        let found = try mirror.sql(settings + hash, database: mirrorDatabase)
        #expect(
            found == expected, "table \(table): rows and hash of the mirror and of the source",
            sourceLocation: sourceLocation)
    }
}

/// What the file sink holds, loaded into a database so that it can be asked by SQL.
struct FileLedger {
    let server: PostgresServer

    /// Loads all files of an output, in order.
    init(_ files: [String], into server: PostgresServer) throws {
        self.server = server
        try server.sql("drop database if exists ledger")
        try server.sql("create database ledger")
        var script = "create unlogged table ev (n bigint generated always as identity, line json);\n"
        for file in files {
            // Quote and delimiter are bytes that JSON text cannot hold, so that every line is one value, whatever is in it.
            script += "\\copy ev (line) from '\(file)' with (format csv, quote E'\\x01', delimiter E'\\x02')\n"
        }
        script += """
            create unlogged table ch as
              select n, line->>'uuid' u, c->>'op' op, c->>'table' tab, (c->>'commitLsn')::pg_lsn commit_lsn,
                (c->>'ordinal')::bigint ordinal, (c->>'snapshot')::boolean snapshot, line->>'isValid' valid, c::text change,
                line->'payload' payload
              from (select n, line, line->'contexts'->'iglu:io.silverton.buz/change/jsonschema/1-0-0' c from ev) e;
            create unlogged table firsts as select distinct on (u) * from ch order by u, n;
            """
        try server.sql(script, database: "ledger")
    }

    func ask(_ sql: String) throws -> String { try server.sql(sql, database: "ledger") }

    /// Lines that repeat a uuid with another content: must be none.
    func conflictingRepeats() throws -> String {
        try ask(
            "select count(*) from (select u from ch group by u having count(distinct change || payload::text) > 1) x")
    }

    /// First occurrences that come after an event with a later position: must be none.
    func disorder() throws -> String {
        try ask(
            """
            select count(*) from (select commit_lsn c, ordinal o, lag(commit_lsn) over (order by n) pc, lag(ordinal) over (order by n) po
              from firsts where not snapshot) x where pc is not null and (c < pc or (c = pc and o <= po))
            """)
    }

    func invalid() throws -> String { try ask("select count(*) from ch where valid <> 'true'") }

    /// `table|op|count`, a line each, of changes streamed (not of the snapshot), without repeats.
    func changeCounts() throws -> String {
        try ask("select tab, op, count(*) from firsts where op in ('c', 'u', 'd') group by 1, 2 order by 1, 2")
    }
}

/// A second slot with the server's own test_decoding: an independent count of what was committed.
struct DecodingOracle {
    let server: PostgresServer

    init(on server: PostgresServer, database: String = "shop") throws {
        self.server = server
        try server.sql("select pg_create_logical_replication_slot('oracle', 'test_decoding')", database: database)
    }

    /// Like ``FileLedger/changeCounts()``.
    func changeCounts(database: String = "shop") throws -> String {
        try server.sql(
            """
            select split_part(split_part(data, ' ', 2), '.', 2) as tab,
              case split_part(data, ' ', 3) when 'INSERT:' then 'c' when 'UPDATE:' then 'u' when 'DELETE:' then 'd' end as op, count(*)
            from (select replace(data, ':', ': ') as raw, data from pg_logical_slot_get_changes('oracle', null, null)) x
            where data like 'table %' group by 1, 2 order by 1, 2
            """, database: database
        ).replacing(":|", with: "|")
    }
}
