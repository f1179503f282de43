import Glibc
import TestServers
import Testing

/// Must show 3 and 4: sinks that fail or hang, databases that are idle, disks that are full.
@Suite("Outages", .serialized)
struct OutageTests {
    /// A published table, a file sink and a mirror.
    private func makeSidecar(
        _ source: PostgresServer, _ target: PostgresServer, tables: String = "[\"public.*\"]"
    ) throws -> Sidecar {
        try source.sql("create database shop")
        try source.sql("create table item (id int primary key, note text)", database: "shop")
        try target.sql("create database shop_copy")
        return try Sidecar(
            url: source.url("shop"), tables: tables,
            sinks: """
                - {name: lake, type: file, path: OUT, defaultOutput: events}
                - {name: replica, type: postgres, mode: mirror, url: "\(target.url("shop_copy"))"}
                """)
    }

    private func confirmed(_ server: PostgresServer) throws -> String {
        try server.sql("select confirmed_flush_lsn from pg_replication_slots where slot_name = 'buz_shop'")
    }

    /// Waits until the slot has passed the server's position as it is now.
    private func expectSlotPasses(_ server: PostgresServer, within seconds: Double = 30, _ comment: String) throws {
        let now = try server.sql("select pg_current_wal_lsn()")
        try eventually(
            within: seconds,
            "\(comment): the slot stays at \((try? confirmed(server)) ?? "?"), the server is past \(now)"
        ) {
            try server.sql(
                "select confirmed_flush_lsn >= '\(now)'::pg_lsn from pg_replication_slots where slot_name = 'buz_shop'")
                == "t"
        }
    }

    @Test("A sink that is down delays neither the other sink nor the slot, and catches up", .timeLimit(.minutes(3)))
    func oneSinkDown() throws {
        let source = try PostgresServer()
        let target = try PostgresServer()
        let sidecar = try makeSidecar(source, target)
        try sidecar.startReady()
        try target.stop("immediate")
        for part in 0..<20 {
            try source.sql(
                "insert into item select g, repeat('x', 1000) from generate_series(\(part * 1000 + 1), \((part + 1) * 1000)) g",
                database: "shop")
        }
        try eventually(within: 30, "the file has \(sidecar.lines().count) lines") { sidecar.lines().count == 20_000 }
        try expectSlotPasses(source, within: 60, "the failing sink's events are parked")
        // Nor does a crash lose what was parked.
        sidecar.kill9()
        try sidecar.start()
        try source.sql("insert into item values (0, 'after the crash')", database: "shop")
        try target.start()
        try eventually(within: 60, "the mirror catches up; \(sidecar.errors)") {
            (try? target.sql("select count(*) from item", database: "shop_copy")) == "20001"
        }
        try expectMirrorEqual(source: source, mirror: target, tables: ["item"])
    }

    @Test("wal_sender_timeout of five seconds is survived while every sink hangs", .timeLimit(.minutes(3)))
    func hangingSinks() throws {
        let source = try PostgresServer(settings: ["wal_sender_timeout=5s"])
        let target = try PostgresServer()
        try source.sql("create database shop")
        try source.sql("create table item (id int primary key, note text)", database: "shop")
        try target.sql("create database shop_copy")
        let sidecar = try Sidecar(
            url: source.url("shop"),
            sinks: "- {name: replica, type: postgres, mode: mirror, url: \"\(target.url("shop_copy"))\"}")
        try sidecar.startReady()
        try source.sql("insert into item values (1, 'before')", database: "shop")
        try eventually("the mirror has the first row") {
            (try? target.sql("select count(*) from item", database: "shop_copy")) == "1"
        }
        let walsender = try source.sql("select active_pid from pg_replication_slots where slot_name = 'buz_shop'")
        let lock = try ChildProcess(
            [
                "bash", "-c",
                "'\(PostgresServer.binaries(of: target.major) ?? "")/psql' -qX '\(target.url("shop_copy"))' -c 'begin; lock table item; select pg_sleep(14)'",
            ],
            folder: sidecar.folder)
        try source.sql(
            "insert into item select g, repeat('y', 2000) from generate_series(2, 20000) g", database: "shop")
        try lock.wait(seconds: 60)
        #expect(
            try source.sql("select active_pid from pg_replication_slots where slot_name = 'buz_shop'") == walsender,
            "the walsender lived on")
        try eventually(within: 60, "the mirror catches up; \(sidecar.errors)") {
            (try? target.sql("select count(*) from item", database: "shop_copy")) == "20000"
        }
    }

    @Test("The slot advances on an idle database and on a filtered one", .timeLimit(.minutes(2)))
    func idleAdvance() throws {
        let source = try PostgresServer()
        let target = try PostgresServer()
        let sidecar = try makeSidecar(source, target, tables: "[\"public.item\"]")
        try source.sql("create table noise (id int)", database: "shop")
        try sidecar.startReady()
        try source.sql("create database elsewhere; ", database: "postgres")
        try source.sql("create table t as select g from generate_series(1, 50000) g", database: "elsewhere")
        try expectSlotPasses(source, "an idle database")
        try source.sql("insert into noise select g from generate_series(1, 50000) g", database: "shop")
        try expectSlotPasses(source, "a filtered database")
    }

    @Test(
        "A poison row is dead-lettered alone, with the destination's words, and replays once it is mended",
        .timeLimit(.minutes(2)))
    func poisonRow() throws {
        let source = try PostgresServer()
        let target = try PostgresServer()
        let sidecar = try makeSidecar(source, target)
        try sidecar.startReady()
        try source.sql("insert into item values (1, 'fine')", database: "shop")
        try eventually("the mirror has the first row") {
            (try? target.sql("select count(*) from item", database: "shop_copy")) == "1"
        }
        try target.sql("alter table item add constraint no_poison check (note <> 'poison')", database: "shop_copy")
        try source.sql(
            "insert into item select g, case g when 500 then 'poison' else 'ok' end from generate_series(2, 1000) g",
            database: "shop")
        try eventually(within: 60, "all rows but one arrive; \(sidecar.errors)") {
            (try? target.sql("select count(*) from item", database: "shop_copy")) == "999"
        }
        try eventually(within: 20, "the file holds all") { sidecar.lines().count == 1000 }
        try expectSlotPasses(source, "a dead-lettered event is settled")
        let listing = try sidecar.command([
            "deadletters", "list", "--config", sidecar.configuration, "--sink", "replica", "--json",
        ])
        #expect(listing.code == 0 && listing.output.contains("no_poison"), "\(listing)")
        #expect(try sidecar.terminate() == 0)
        try target.sql("alter table item drop constraint no_poison", database: "shop_copy")
        let replay = try sidecar.command([
            "deadletters", "replay", "--config", sidecar.configuration, "--sink", "replica",
        ])
        #expect(replay.code == 0, "\(replay)")
        try expectMirrorEqual(source: source, mirror: target, tables: ["item"])
    }

    @Test(
        "A full disk under the file sink is an outage, not a loss", .timeLimit(.minutes(3)),
        .enabled(if: geteuid() == 0, "skipped: mounting a small tmpfs needs root"))
    func fullDisk() throws {
        let source = try PostgresServer()
        let target = try PostgresServer()
        let sidecar = try makeSidecar(source, target)
        mkdir(sidecar.outputFolder, 0o755)
        _ = try ChildProcess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", sidecar.outputFolder], folder: sidecar.folder)
        defer { _ = try? ChildProcess.run(["umount", "-l", sidecar.outputFolder], folder: sidecar.folder) }
        try sidecar.startReady()
        try source.sql("insert into item select g, repeat('z', 1000) from generate_series(1, 5000) g", database: "shop")
        try eventually(within: 60, "the mirror is not held up by the full disk; \(sidecar.errors)") {
            (try? target.sql("select count(*) from item", database: "shop_copy")) == "5000"
        }
        #expect(sidecar.lines().count < 5000)
        _ = try ChildProcess.run(["mount", "-o", "remount,size=64m", sidecar.outputFolder], folder: sidecar.folder)
        try eventually(within: 60, "the file has \(sidecar.lines().count) lines; \(sidecar.errors)") {
            sidecar.lines().count >= 5000
        }
        #expect(try sidecar.terminate() == 0)
        let ledger = try FileLedger(sidecar.files(), into: target)
        #expect(try ledger.ask("select count(distinct u) from ch") == "5000")
        #expect(try ledger.disorder() == "0")
    }
}
