import TestServers

/// The sample that the integration tests write into: pgbench's tables and an application-like `orders` table.
enum Shop {
    static let tables = ["pgbench_accounts", "pgbench_branches", "pgbench_tellers", "pgbench_history", "orders"]

    /// Creates the databases `shop` and its tables with some rows.
    static func create(on server: PostgresServer) throws {
        try server.sql("create database shop")
        try server.tool("pgbench", ["-i", "-q", "-s", "1", "-n"], database: "shop")
        try server.sql(schema, database: "shop")
    }

    /// A script that keeps writing until `folder/stop` exists; it goes on when the server goes away for a while.
    static func startTraffic(on server: PostgresServer, folder: TemporaryFolder) throws -> ChildProcess {
        guard let binaries = PostgresServer.binaries(of: server.major) else {
            throw ChildProcess.Failure(description: "Postgres \(server.major) is not installed")
        }
        let script = """
            export PGHOST=127.0.0.1 PGPORT=\(server.port) PGUSER=postgres PGDATABASE=shop
            tpcb() { while [ ! -e \(folder.path)/stop ]; do
              "\(binaries)/pgbench" -n -c 2 -t 100 -R 400 >/dev/null 2>&1 || sleep 0.05; done; }
            orders() { while [ ! -e \(folder.path)/stop ]; do
              "\(binaries)/psql" -qXc 'call gen(700, 7)' >/dev/null 2>&1; sleep 0.1; done; }
            tpcb & orders & wait
            """
        return try ChildProcess(["bash", "-c", script], folder: folder)
    }

    static func stopTraffic(_ traffic: ChildProcess, folder: TemporaryFolder) throws {
        try writeText("", to: "\(folder.path)/stop")
        try traffic.wait(seconds: 60)
    }

    private static let schema = """
        create table orders (
          id bigint primary key, order_uuid uuid not null, customer_id int not null, amount numeric(12,2) not null,
          status text not null, note text, attrs jsonb not null, tags text[], created_at timestamptz not null,
          updated_at timestamptz not null, is_gift boolean not null, big text);
        alter table orders alter column big set storage external;
        create function order_note(i bigint) returns text language sql immutable as
          $$ select 'order ' || i || E': "quoted", back\\\\slash, tab\\t, line\\n, ünï, 😀' $$;
        -- Of ten changes: five inserts, four updates (one of them of the key, every fifth of the big column), one delete.
        create procedure gen(n int, per_tx int) language plpgsql as $p$
        declare hi bigint; lo bigint; k int; t bigint; in_tx int := 0;
        begin
          select coalesce(max(id), 0), coalesce(min(id), 1) into hi, lo from orders where id < 1000000000;
          for i in 1..n loop
            k := i % 10;
            if k in (1, 3, 5, 7, 9) then
              hi := hi + 1;
              insert into orders values (hi, gen_random_uuid(), (random() * 50000)::int, (random() * 100000)::numeric(12,2),
                'pending', order_note(hi), jsonb_build_object('items', hi % 9, 'price', 12345678901234567890.5, 'tags', '["a", null]'::jsonb),
                array['new', null, 'NULL', 'a"b'], clock_timestamp(), clock_timestamp(), hi % 5 = 0,
                case when hi % 3 = 0 then repeat(md5(hi::text), 200) end);
            elsif k in (2, 4, 6) then
              t := lo + floor(random() * greatest(hi - lo, 1))::bigint;
              update orders set status = 'paid' || i, amount = amount + 1.25, updated_at = clock_timestamp(),
                big = case when i % 5 = 0 then repeat(md5(i::text), 150) else big end where id = t;
            elsif k = 8 then
              t := lo + floor(random() * greatest(hi - lo, 1))::bigint;
              update orders set id = id + 1000000000 where id = t and not exists (select from orders o where o.id = t + 1000000000);
            else
              delete from orders where id = lo;
              lo := lo + 1;
            end if;
            in_tx := in_tx + 1;
            if in_tx >= per_tx then commit; in_tx := 0; end if;
          end loop;
          commit;
        end $p$;
        insert into orders select g, gen_random_uuid(), g, g * 1.5, 'pending', order_note(g), '{"items": 1}', null, now(), now(), false,
          case when g % 2 = 0 then repeat(md5(g::text), 150) end from generate_series(1, 2000) g;
        """
}
