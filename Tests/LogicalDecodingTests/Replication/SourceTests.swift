import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// Against real servers: each test starts its own.
@Suite(.serialized)
struct SourceTests {
    static let table = "CREATE TABLE item (id int PRIMARY KEY, v text, n numeric);"

    @Test("Publication, slot, snapshot and stream on every version", arguments: PostgresServer.matrix)
    func everyVersion(major: Int) throws {
        let server = try PostgresServer(major)
        try server.sql(Self.table + "INSERT INTO item SELECT i, 'row ' || i, i / 10.0 FROM generate_series(1, 500) i")
        let checkpoints = MemoryCheckpoints()
        let running = try RunningSource(server, checkpoints: checkpoints)
        try running.streaming()
        try server.sql(
            """
            INSERT INTO item VALUES (501, 'new', 1);
            UPDATE item SET v = 'changed' WHERE id <= 10;
            UPDATE item SET id = 1000 WHERE id = 11;
            DELETE FROM item WHERE id = 12;
            """)
        try running.caughtUp()
        let source = try server.rows(of: "item")
        // A changed key leaves the old one behind in this simple mirror.
        var mirror = running.intake.rows(of: "public.item")
        mirror["{\"id\":11}"] = nil
        #expect(mirror == source)
        #expect(running.intake.isOrdered)
        let marks = running.intake.events.filter { $0.operation.isControl }.map(\.operation)
        #expect(marks == [.snapshotBegin, .snapshotEnd])
        try running.stop()
        #expect(try server.sql("SELECT active FROM pg_replication_slots") == "f")
        let checkpoint = try #require(checkpoints.load())
        #expect(checkpoint.snapshot == .done)
        #expect(
            try server.sql("SELECT confirmed_flush_lsn = '\(checkpoint.confirmed)' FROM pg_replication_slots") == "t")
        // The publication came before the slot: nothing before it can be asked for.
        #expect(
            try server.sql("SELECT obj_description(oid, 'pg_publication') FROM pg_publication")
                == PublicationManager.mark)
    }

    @Test("Snapshot and stream join without gap or overlap while others write")
    func joinsUnderWrites() throws {
        let server = try PostgresServer()
        try server.sql(Self.table + "INSERT INTO item SELECT i, 'row ' || i, 0 FROM generate_series(1, 20000) i")
        let scratch = try TemporaryFolder("buzwrite")
        let script = "\(scratch.path)/write.sql"
        try writeText(
            """
            \\set id random(1, 40000)
            BEGIN;
            INSERT INTO item VALUES (:id, 'w', 1) ON CONFLICT (id) DO UPDATE SET n = item.n + 1, v = 'u';
            DELETE FROM item WHERE id = (:id * 7) % 40000;
            END;
            """, to: script)
        let writing = try Background { _ = try server.tool("pgbench", ["-n", "-c", "4", "-T", "6", "-f", script]) }
        let running = try RunningSource(server, checkpoints: MemoryCheckpoints())
        try running.streaming()
        try writing.wait()
        try running.caughtUp()
        #expect(running.intake.rows(of: "public.item") == (try server.rows(of: "item")))
        #expect(running.intake.isOrdered)
        #expect(running.intake.events.contains { $0.operation == .delete })
        try running.stop()
    }

    @Test("A restart of the server and a terminated walsender lose nothing and repeat nothing")
    func survivesServer() throws {
        let server = try PostgresServer()
        try server.sql(Self.table)
        let running = try RunningSource(server, checkpoints: MemoryCheckpoints())
        try running.streaming()
        try server.sql("INSERT INTO item SELECT i, 'a', 0 FROM generate_series(1, 100) i")
        try running.caughtUp()
        for round in 1...3 {
            try server.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
            try server.sql(
                "INSERT INTO item SELECT i, 'b', 0 FROM generate_series(\(round * 1000), \(round * 1000 + 50)) i")
        }
        try eventually("no reconnect") { running.status.reconnects > 0 }
        try server.restart("fast")
        try server.sql("INSERT INTO item SELECT i, 'c', 0 FROM generate_series(9000, 9100) i")
        try running.caughtUp()
        try server.restart("immediate")
        try server.sql("INSERT INTO item SELECT i, 'd', 0 FROM generate_series(10000, 10100) i")
        try running.caughtUp()
        #expect(running.intake.rows(of: "public.item") == (try server.rows(of: "item")))
        #expect(running.intake.isOrdered)
        try running.stop()
    }

    @Test("The walsender stays while nothing is taken for longer than its timeout")
    func staysAliveUnderBackpressure() throws {
        let server = try PostgresServer(settings: ["wal_sender_timeout=2s"])
        try server.sql(Self.table)
        let running = try RunningSource(server, checkpoints: MemoryCheckpoints())
        try running.streaming()
        running.intake.refuse(true)
        // More than all buffers on the way hold.
        try server.sql("INSERT INTO item SELECT i, repeat('x', 500), 0 FROM generate_series(1, 60000) i")
        try eventually("not paused: \(running.status)") { running.status.isPaused }
        let pid = try server.sql("SELECT active_pid FROM pg_replication_slots")
        let start = ContinuousClock.now
        try eventually(within: 20, "time stood still") { ContinuousClock.now - start > .seconds(6) }
        #expect(try server.sql("SELECT active_pid FROM pg_replication_slots") == pid)
        running.intake.refuse(false)
        try running.caughtUp()
        #expect(running.intake.rows(of: "public.item").count == 60000)
        #expect(running.intake.partialBatches > 0)
        #expect(running.status.reconnects == 0)
        #expect(running.intake.isOrdered)
        try running.stop()
    }

    @Test("The slot advances on an idle database, and on one whose changes are filtered")
    func advancesWhenIdle() throws {
        let server = try PostgresServer(14)
        try server.sql(Self.table + "CREATE TABLE audit_log (id int PRIMARY KEY);")
        let running = try RunningSource(server, checkpoints: MemoryCheckpoints()) {
            $0.tables = ["public.*", "!public.audit_*"]
        }
        try running.streaming()
        try server.sql("INSERT INTO audit_log SELECT generate_series(1, 1000)")
        let end = try server.sql("SELECT pg_current_wal_lsn()")
        try eventually("slot stands still: \(running.status)") {
            try server.sql("SELECT confirmed_flush_lsn >= '\(end)' FROM pg_replication_slots") == "t"
        }
        try server.sql("SELECT txid_current(); CHECKPOINT;")
        let later = try server.sql("SELECT pg_current_wal_lsn()")
        try eventually("slot stands still: \(running.status)") {
            try server.sql("SELECT confirmed_flush_lsn >= '\(later)' FROM pg_replication_slots") == "t"
        }
        #expect(!running.intake.events.contains { !$0.operation.isControl })
        try running.stop()
    }

    @Test("Nothing is acknowledged that is not settled, and it comes again after a restart")
    func acknowledgesOnlySettled() throws {
        let server = try PostgresServer()
        try server.sql(Self.table)
        let checkpoints = MemoryCheckpoints()
        let first = try RunningSource(server, checkpoints: checkpoints) { $0.stopTimeout = .milliseconds(200) }
        try first.caughtUp()
        try eventually("snapshot not done") { checkpoints.load()?.snapshot == .done }
        first.intake.hold()
        let before = try server.sql("SELECT pg_current_wal_lsn()")
        try server.sql("INSERT INTO item VALUES (1, 'a', 0)")
        try first.caughtUp()
        try first.stop()
        #expect(try server.sql("SELECT confirmed_flush_lsn <= '\(before)' FROM pg_replication_slots") == "t")
        let second = try RunningSource(server, checkpoints: checkpoints)
        try second.caughtUp()
        #expect(second.intake.events.map(\.operation) == [.create])
        #expect(second.intake.events.first?.position == first.intake.events.last?.position)
        try second.stop()
    }

    @Test("Events that were taken over before a restart are left out, also within a transaction")
    func leavesOutWhatWasTaken() throws {
        let server = try PostgresServer()
        try server.sql(Self.table)
        let checkpoints = MemoryCheckpoints()
        let first = try RunningSource(server, checkpoints: checkpoints) { $0.stopTimeout = .milliseconds(200) }
        try first.caughtUp()
        first.intake.hold()
        try server.sql("INSERT INTO item SELECT i, 'a', 0 FROM generate_series(1, 100) i")
        try first.caughtUp()
        let taken = first.intake.events.filter { $0.operation == .create }
        try first.stop()
        let intake = RecordingIntake()
        intake.wantFrom(taken[39].position)
        let second = try RunningSource(server, intake: intake, checkpoints: checkpoints)
        try second.caughtUp()
        #expect(intake.events == Array(taken[40...]))
        try second.stop()
    }
}
