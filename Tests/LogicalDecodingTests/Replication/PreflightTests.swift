import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

@Suite(.serialized)
struct PreflightTests {
    private func finding(
        _ findings: [PreflightFinding], _ topic: String, _ severity: PreflightFinding.Severity
    ) -> PreflightFinding? {
        findings.first { $0.topic == topic && $0.severity == severity }
    }

    @Test("A good server has no errors, on every version", arguments: PostgresServer.matrix)
    func good(major: Int) throws {
        let server = try PostgresServer(major, settings: ["max_slot_wal_keep_size=1GB"])
        try server.sql("CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1); ANALYZE item;")
        let settings = RunningSource.settings(server)
        let findings = Preflight.run(settings)
        #expect(findings.filter { $0.severity != .ok } == [])
        #expect(finding(findings, "snapshot", .ok)?.message.contains("about 1 rows") == true)
        // Looking changes nothing.
        #expect(try server.sql("SELECT count(*) FROM pg_publication") == "0")
        #expect(try server.sql("SELECT count(*) FROM pg_replication_slots") == "0")
    }

    @Test("Everything that is wrong is found, with what to do")
    func bad() throws {
        let server = try PostgresServer(settings: ["max_replication_slots=1", "wal_level=replica"])
        try server.sql(
            """
            CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bare (v text); CREATE TABLE whole (v text);
            ALTER TABLE whole REPLICA IDENTITY FULL; CREATE TABLE nothing (id int PRIMARY KEY);
            ALTER TABLE nothing REPLICA IDENTITY NOTHING;
            CREATE ROLE reader LOGIN; CREATE PUBLICATION buz_test FOR TABLE good WITH (publish = 'insert');
            SELECT pg_create_physical_replication_slot('other');
            """)
        var settings = RunningSource.settings(server)
        settings.url = "postgres://reader@127.0.0.1:\(server.port)/postgres"
        let findings = Preflight.run(settings)
        #expect(finding(findings, "wal_level", .error)?.remedy.contains("wal_level = logical") == true)
        #expect(finding(findings, "max_replication_slots", .error)?.message == "1 of 1 in use")
        #expect(finding(findings, "role", .error)?.remedy.contains("REPLICATION") == true)
        #expect(finding(findings, "replication", .error) != nil)
        #expect(finding(findings, "tables", .error)?.message.contains("public.good") == true)
        let identity = try #require(finding(findings, "replica_identity", .error))
        #expect(identity.message.contains("public.bare") && identity.message.contains("public.nothing"))
        #expect(identity.message.contains("FAIL") && !identity.message.contains("public.whole"))
        #expect(finding(findings, "primary_key", .warning)?.message.contains("public.whole") == true)
        #expect(finding(findings, "max_slot_wal_keep_size", .warning) != nil)
        let publication = findings.filter { $0.topic == "publication" && $0.severity == .warning }.map(\.message)
        #expect(publication.contains { $0.contains("leaves out update, delete, truncate") })
        #expect(publication.contains { $0.contains("lacks tables that match: public.bare") })
    }

    @Test("A server that cannot be reached is one finding")
    func unreachable() {
        var settings = PostgresSourceSettings(
            name: "x", url: "postgres://u:secret@127.0.0.1:1/db", slot: "s", publication: "p")
        settings.connectTimeout = .seconds(2)
        let findings = Preflight.run(settings)
        #expect(findings.count == 1 && findings[0].severity == .error)
        #expect(!findings[0].message.contains("secret"))
    }

    @Test("A slot that is read, or known to the state, is told apart")
    func slots() throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE item (id int PRIMARY KEY)")
        let checkpoints = MemoryCheckpoints()
        let running = try RunningSource(server, checkpoints: checkpoints)
        try running.caughtUp()
        try eventually("not done") { checkpoints.load()?.snapshot == .done }
        let active = Preflight.run(RunningSource.settings(server), checkpoint: checkpoints.load())
        #expect(active.contains { $0.topic == "slot" && $0.message.contains("is being read by pid") })
        try running.stop()
        let known = Preflight.run(RunningSource.settings(server), checkpoint: checkpoints.load())
        #expect(known.contains { $0.topic == "start" && $0.message.contains("reads on from") })
        let unknown = Preflight.run(RunningSource.settings(server))
        #expect(
            unknown.contains { $0.topic == "slot" && $0.severity == .warning && $0.message.contains("has no state") })
    }
}
