import CoreIngest
import Glibc
import TestServers
import Testing

/// The sink `postgres`, writing to a server with Timescale: plain tables and hypertables.
@Suite("Timescale", .serialized, .enabled(if: PostgresServer.timescale != nil), .timeLimit(.minutes(5)))
struct TimescaleTests {
    private let source: PostgresServer
    private let target: PostgresServer
    private let sidecar: Sidecar

    /// What must be there beforehand is in docs/sinks/postgres.md.
    private static let hypertables = """
        create extension timescaledb;
        create table readings (device int, at timestamptz, temp float8, note text);
        create unique index on readings (device, at);
        select create_hypertable('readings', 'at', chunk_time_interval => interval '1 day');
        create table events (uuid uuid, received_at timestamptz not null, schema text not null, is_valid boolean not null,
          op text, table_name text, commit_lsn pg_lsn, ordinal numeric(20), envelope json not null,
          primary key (uuid, received_at));
        select create_hypertable('events', 'received_at');
        """

    init() throws {
        source = try PostgresServer()
        try source.sql("create database shop")
        try source.sql(
            """
            create table readings (device int, at timestamptz, temp float8, note text, primary key (device, at));
            create table devices (id int primary key, name text);
            create table log (line text);
            insert into readings select i % 7, '2026-01-01Z'::timestamptz + i * interval '1 minute', i, repeat(md5(i::text), 3)
              from generate_series(1, 20000) i;
            insert into devices select i, 'd' || i from generate_series(0, 6) i;
            """, database: "shop")
        target = try PostgresServer(
            18, binaries: PostgresServer.timescale,
            settings: ["shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off"])
        try target.sql("create database shop_copy")
        _ = try target.sql(Self.hypertables, database: "shop_copy")
        let url = target.url("shop_copy")
        sidecar = try Sidecar(
            url: source.url("shop"),
            sinks: """
                - {name: copy, type: postgres, mode: mirror, url: "\(url)", retry: {initial: 50ms, max: 500ms}}
                - {name: log, type: postgres, mode: events, url: "\(url)", retry: {initial: 50ms, max: 500ms}}
                """)
    }

    private func copy(_ sql: String) throws -> String { try target.sql(sql, database: "shop_copy") }

    private func deliver(_ sql: String) throws {
        try source.sql(sql, database: "shop")
        try sidecar.runUntilIdle()
    }

    private func expectEqual(_ what: String) throws {
        let equal = try sidecar.command(
            ["verify", "--config", sidecar.configuration, "--load", "100", "--sink", "copy"], seconds: 120)
        #expect(equal.code == 0 && equal.output.contains("public.readings"), "\(what): \(equal)")
        let refused = try DeadLetterStore(
            StateDirectory(path: "\(sidecar.folder.path)/state", exclusive: false), sink: "copy"
        ).entries().map { "\($0.stream): \($0.error)" }
        #expect(refused.isEmpty, "\(what): \(refused)")
    }

    @Test("Hypertables and plain tables equal their sources, and the hypertable of events has each change once")
    func hypertables() throws {
        try sidecar.runUntilIdle()
        try expectEqual("snapshot")
        #expect(try copy("select count(*) > 10 from show_chunks('readings')") == "t")
        let oracle = try DecodingOracle(on: source)
        try deliver(
            """
            update readings set temp = temp + 1 where device = 3;
            delete from readings where device = 4;
            insert into readings values (9, '2031-06-01Z', 'NaN', 'new chunk'), (9, '1999-01-01Z', null, 'old chunk');
            -- Into another chunk, with a value that Postgres does not send again.
            alter table readings alter column note set storage external;
            insert into readings values (8, '2026-01-02Z', 1, repeat('long', 5000));
            update readings set at = '2026-03-01Z' where device = 8;
            update readings set device = device + 100 where device = 5;
            insert into log values ('a'), ('b');
            """)
        try expectEqual("stream")
        try deliver(
            """
            alter table readings add column quality int, alter column device type bigint;
            update readings set quality = device where true;
            """)
        try expectEqual("a column more, and a wider key")
        // Killed while it writes, and while the server goes away.
        try sidecar.start()
        for round in 0..<4 {
            try source.sql(
                """
                insert into readings select 1000 + \(round), '2026-05-01Z'::timestamptz + i * interval '10 s', i, 'k', \(round)
                  from generate_series(1, 5000) i;
                insert into log select 'line ' || i from generate_series(1, 500) i;
                update readings set temp = -temp where device = 1000 + \(round) and extract(second from at) = 10;
                """, database: "shop")
            if round == 2 { try target.restart("immediate") }
            usleep(200_000)
            sidecar.kill9()
            try sidecar.start()
        }
        try sidecar.waitReady(seconds: 60)
        #expect(try sidecar.terminate() == 0, "\(sidecar.errors)")
        try sidecar.runUntilIdle()
        try expectEqual("kills")
        let streamed = "op in ('c', 'u', 'd')"
        let events = try copy(
            "select split_part(table_name, '.', 2) t, op, count(*) from events where \(streamed) group by 1, 2 order by 1, 2"
        )
        #expect(try events == oracle.changeCounts())
        #expect(try copy("select count(*) - count(distinct uuid) from events") == "0")
        #expect(
            try copy("select count(*) from log where _buz_op = 'c'")
                == source.sql("select count(*) from log", database: "shop"))
        try deliver("truncate readings; insert into readings values (1, '2026-07-01Z', 1, 'after', 1)")
        try expectEqual("truncate")
        #expect(try copy("select note from readings") == "after")
    }
}
