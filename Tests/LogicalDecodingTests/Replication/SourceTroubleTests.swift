import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// What only a person can mend: precise errors, and nothing lost in silence.
@Suite(.serialized)
struct SourceTroubleTests {
    static let table = "CREATE TABLE item (id int PRIMARY KEY, v text);"

    /// Starts, catches up, stops: a slot and a state that belong together.
    private func prepare(_ server: PostgresServer) throws -> MemoryCheckpoints {
        try server.sql(Self.table)
        let checkpoints = MemoryCheckpoints()
        let running = try RunningSource(server, checkpoints: checkpoints)
        try running.caughtUp()
        try eventually("snapshot not done") { checkpoints.load()?.snapshot == .done }
        try running.stop()
        return checkpoints
    }

    @Test("A slot that others advanced, or that is gone, or made anew, stops the start with what to do")
    func slotIdentity() throws {
        let server = try PostgresServer()
        let checkpoints = try prepare(server)
        try server.sql("INSERT INTO item VALUES (1, 'lost')")
        try server.sql("SELECT pg_replication_slot_advance('buz_test', pg_current_wal_lsn())")
        let ahead = try #require(try RunningSource(server, checkpoints: checkpoints).failure())
        #expect(ahead.code == .slotAhead)
        #expect(ahead.message.contains("events may have been lost"))
        #expect(ahead.message.contains("acceptGap: true") && ahead.message.contains("snapshot: always"))

        try server.sql("SELECT pg_drop_replication_slot('buz_test')")
        let missing = try #require(try RunningSource(server, checkpoints: checkpoints).failure())
        #expect(missing.code == .slotMissing)

        let accepted = try RunningSource(server, checkpoints: checkpoints) { $0.acceptGap = true }
        try accepted.caughtUp()
        try server.sql("INSERT INTO item VALUES (2, 'after')")
        try accepted.caughtUp()
        #expect(accepted.intake.events.map(\.operation) == [.create])
        try accepted.stop()

        let anew = try RunningSource(server, checkpoints: checkpoints) { $0.snapshot = .always }
        try anew.caughtUp()
        #expect(anew.intake.rows(of: "public.item") == (try server.rows(of: "item")))
        try anew.stop()

        let unknown = try #require(try RunningSource(server, checkpoints: MemoryCheckpoints()).failure())
        #expect(unknown.code == .slotUnknown)
        checkpoints.replace { $0.systemIdentifier += 1 }
        let replaced = try #require(try RunningSource(server, checkpoints: checkpoints).failure())
        #expect(replaced.code == .serverReplaced)
    }

    @Test("A crash during the snapshot starts over with a new slot")
    func snapshotStartsOver() throws {
        let server = try PostgresServer()
        try server.sql(Self.table + "INSERT INTO item SELECT i, 'x' FROM generate_series(1, 5000) i")
        let checkpoints = MemoryCheckpoints()
        let intake = RecordingIntake()
        let first = try RunningSource(server, intake: intake, checkpoints: checkpoints) {
            $0.batch.records = 500
            $0.stopTimeout = .milliseconds(200)
        }
        // The acknowledgement of the snapshot is held back: as if the process died before it was settled.
        intake.hold()
        try first.streaming()
        first.source.stop()
        try? first.stop()
        let point = try #require(checkpoints.load())
        let held = checkpoints.load()?.snapshot
        let second = try RunningSource(server, intake: intake, checkpoints: checkpoints)
        intake.release()
        try second.caughtUp()
        if held == .running {
            #expect(try #require(checkpoints.load()).consistentPoint > point.consistentPoint)
            #expect(intake.events.filter { $0.operation == .snapshotBegin }.count == 2)
        }
        #expect(intake.isOrdered)
        #expect(intake.rows(of: "public.item") == (try server.rows(of: "item")))
        try second.stop()
    }

    @Test("A publication that was dropped stops the source before anything is skipped", arguments: [17, 18])
    func publicationDropped(major: Int) throws {
        guard PostgresServer.installed.contains(major) else { return }
        let server = try PostgresServer(major)
        try server.sql(Self.table)
        let checkpoints = MemoryCheckpoints()
        let running = try RunningSource(server, checkpoints: checkpoints)
        try running.caughtUp()
        try server.sql("DROP PUBLICATION buz_test")
        let before = try server.sql("SELECT pg_current_wal_lsn()")
        try server.sql("INSERT INTO item VALUES (1, 'skipped')")
        let error = try #require(try running.failure())
        #expect(error.code == (major >= 18 ? .publicationSkipped : .publicationMissing))
        #expect(error.message.contains("buz_test"))
        #expect(try server.sql("SELECT confirmed_flush_lsn <= '\(before)' FROM pg_replication_slots") == "t")
        let again = try #require(try RunningSource(server, checkpoints: checkpoints).failure())
        #expect(again.code == .publicationMissing)
    }

    @Test("A slot that another reads is waited for")
    func slotActive() throws {
        let server = try PostgresServer()
        let checkpoints = try prepare(server)
        let first = try RunningSource(server, checkpoints: checkpoints)
        try first.caughtUp()
        let second = try RunningSource(server, checkpoints: checkpoints)
        try eventually("no error: \(second.status)") { second.status.lastError?.code == .slotActive }
        try first.stop()
        try second.caughtUp()
        try second.stop()
    }

    @Test("Creating the slot names the transaction that it waits for")
    func slotBlocked() throws {
        let server = try PostgresServer()
        try server.sql(Self.table)
        let scratch = try TemporaryFolder("buzblock")
        let script = "\(scratch.path)/block.sql"
        try writeText("BEGIN; INSERT INTO item VALUES (1, 'open'); SELECT pg_sleep(20); COMMIT;", to: script)
        let blocker = try Background { _ = try server.tool("pgbench", ["-n", "-c", "1", "-t", "1", "-f", script]) }
        try eventually("blocker has not begun") {
            try server.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL") == "1"
        }
        let running = try RunningSource(server, checkpoints: MemoryCheckpoints()) {
            $0.slotCreationTimeout = .seconds(1)
        }
        try eventually("not blocked: \(running.status)") { running.status.lastError?.code == .slotBlocked }
        #expect(running.status.lastError?.message.contains("pgbench") == true)
        try server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbench'")
        try? blocker.wait()
        try running.caughtUp()
        try running.stop()
    }

    @Test("A lost slot is told apart, with the reason")
    func slotLost() throws {
        let server = try PostgresServer(settings: [
            "max_slot_wal_keep_size=1MB", "min_wal_size=32MB", "max_wal_size=32MB",
        ])
        let checkpoints = try prepare(server)
        for _ in 0..<6 {
            try server.sql(
                "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 20000); DROP TABLE filler;")
            try server.sql("SELECT pg_switch_wal(); CHECKPOINT;")
        }
        #expect(try server.sql("SELECT wal_status FROM pg_replication_slots") == "lost")
        let error = try #require(try RunningSource(server, checkpoints: checkpoints).failure())
        #expect(error.code == .slotLost)
    }

    @Test("A password appears in no error")
    func passwordsAreMasked() throws {
        let options = try ConnectionOptions(
            url: "postgres://u:s3cr%40t@127.0.0.1:1/db", role: .side, applicationName: "t", connectTimeout: 2)
        #expect(throws: SourceError.self) { _ = try PostgresConnection(options) }
        do throws(SourceError) {
            _ = try PostgresConnection(options)
        } catch {
            #expect(error.code == .connectFailed)
            #expect(!error.message.contains("s3cr"))
        }
        do throws(SourceError) {
            _ = try ConnectionOptions(url: "postgres://u:pa%zzss@host/db", role: .side, applicationName: "t")
            Issue.record("such a string cannot be read")
        } catch {
            #expect(error.code == .badConnectionString)
            #expect(!error.message.contains("zzss"))
        }
    }
}
