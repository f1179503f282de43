import CoreIngest
import TestServers
import Testing

/// Input that is legal and rare, or wrong: each ends in an event, a dead letter or a precise error. One at a time, as each has
/// a server and a sidecar of its own.
@Suite("Bad input", .serialized)
enum BadInput {}

/// One server with a source database and a mirror of it, and a sidecar that writes to files and to the mirror.
struct Stand {
    let server: PostgresServer
    let sidecar: Sidecar

    /// `schema`: SQL for the source database; `copySchema`: for the mirror's. `create`: options of the source's
    /// `CREATE DATABASE`.
    init(
        _ major: Int = PostgresServer.usual, create: String = "", schema: String, copySchema: String = "",
        input: String = "", sinks: String? = nil, settings: [String] = [], more: String = ""
    ) throws {
        server = try PostgresServer(major, settings: settings)
        try server.sql("create database shop \(create)")
        try server.sql("create database shop_copy")
        try server.sql(copySchema, database: "shop_copy")
        try server.sql(schema, database: "shop")
        sidecar = try Sidecar(
            url: server.url("shop"), input: input,
            sinks: sinks
                ?? """
                \(Sidecar.fileSink)
                - {name: replica, type: postgres, mode: mirror, url: "\(server.url("shop_copy"))"}
                """, more: more)
    }

    @discardableResult
    func source(_ sql: String) throws -> String { try server.sql(sql, database: "shop") }
    func mirror(_ sql: String) throws -> String { try server.sql(sql, database: "shop_copy") }

    /// Lets the sidecar deliver everything that is there, and ends it.
    func deliver(_ sql: String = "", seconds: Double = 120) throws {
        if !sql.isEmpty { try source(sql) }
        try sidecar.runUntilIdle(seconds: seconds)
    }

    /// The events written so far, one row each, in a database: `n`, `op`, `tab`, `c` (the change context), `p` (the payload),
    /// `valid`. Answers the rows of a query.
    func events(_ query: String) throws -> String {
        let files = sidecar.files().map {
            "\\copy ev (line) from '\($0)' with (format csv, quote E'\\x01', delimiter E'\\x02')\n"
        }
        return try server.sql(
            """
            create temp table ev (n bigint generated always as identity, line json);
            \(files.joined())
            create temp view e as select n, c->>'op' op, c->>'table' tab, c, line->'payload' p, line->>'isValid' valid, line
              from (select n, line, line->'contexts'->'iglu:io.silverton.buz/change/jsonschema/1-0-0' c from ev) x;
            \(query)
            """)
    }

    /// Number, operations and tables of the events, in their order: `c|t` per line, those of the snapshot as `r`.
    func operations() throws -> String { try events("select op, tab from e order by n") }

    /// The dead letters of all sinks: a line each, of the event's table and the error.
    func deadLetters() throws -> [String] {
        let directory = try StateDirectory(path: "\(sidecar.folder.path)/state", exclusive: false)
        return try ["lake", "replica"].flatMap {
            try DeadLetterStore(directory, sink: $0).entries().map { "\($0.stream): \($0.error)" }
        }
    }

    /// Each table's columns of the source must have the same rows in the mirror.
    func expectEqual(_ tables: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        for table in tables {
            let columns = try source(
                """
                select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                where attrelid = \(literal(table))::regclass and attnum > 0 and not attisdropped
                """)
            let rows =
                "select coalesce(string_agg(h, E'\\n' order by h), '') from (select md5(t::text) h from (select \(columns) from \(table)) t) x"
            let expected = try source(rows)
            let found: String
            do { found = try mirror(rows) } catch { found = "\(error)" }
            #expect(
                found == expected, "table \(table); \(sidecar.errors.suffix(1500))", sourceLocation: sourceLocation)
        }
    }
}

/// A text as SQL writes it.
func literal(_ text: String) -> String {
    "'" + text.unicodeScalars.map { $0 == "'" ? "''" : String($0) }.joined() + "'"
}

/// A name as SQL writes it.
func identifier(_ name: String) -> String {
    "\"" + name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
}
