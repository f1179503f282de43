import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// What a snapshot reads must be what the stream would have sent.
@Suite(.serialized)
struct SnapshotTests {
    @Test(
        "Column lists, row filters, partitions, generated columns and strange names", arguments: PostgresServer.matrix)
    func publishedShape(major: Int) throws {
        let server = try PostgresServer(major)
        try server.sql(
            """
            CREATE TABLE plain (id int PRIMARY KEY, v text, twice int GENERATED ALWAYS AS (id * 2) STORED);
            CREATE TABLE "sel""ect.ed 🐘" ("i d" int PRIMARY KEY, "secr'et" text, kept text);
            CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
            CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (100) TO (200);
            CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (parent);
            CREATE TABLE gone (a int PRIMARY KEY, b int, c int); ALTER TABLE gone DROP COLUMN b;
            CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY);
            INSERT INTO plain (id, v) VALUES (1, 'a'), (2, E'tab\\t new\\n back\\\\'), (3, NULL);
            INSERT INTO "sel""ect.ed 🐘" VALUES (1, 's', 'k'), (2, 's', 'k2');
            INSERT INTO part SELECT i, 'p' FROM generate_series(1, 150) i;
            INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 'x'); INSERT INTO gone VALUES (1, 3);
            """)
        let lists = major >= 15
        if lists {
            try server.sql(
                """
                CREATE PUBLICATION buz_test FOR TABLE plain WHERE (id <> 3), "sel""ect.ed 🐘" ("i d", kept), part, parent, gone
                WITH (publish_via_partition_root = true)
                """)
        }
        let running = try RunningSource(server, checkpoints: MemoryCheckpoints())
        try running.streaming()
        // The same rows again, as changes: they must look the same.
        try server.sql(
            """
            UPDATE plain SET v = v; UPDATE "sel""ect.ed 🐘" SET kept = kept; UPDATE part SET v = v;
            UPDATE ONLY parent SET id = id; UPDATE child SET extra = extra; UPDATE gone SET c = c;
            """)
        try running.caughtUp()
        let events = running.intake.events
        func sorted(_ operation: CoreIngest.Operation) -> [String] {
            events.filter { $0.operation == operation }.map { "\($0.table) \($0.key) \($0.payload)" }.sorted()
        }
        #expect(sorted(.read) == sorted(.update))
        #expect(sorted(.read).count == 150 + 2 + (lists ? 2 : 3) + 2 + 1)
        let names = Set(events.map(\.table))
        #expect(names.contains("public.part") && !names.contains("public.part_1"))
        #expect(names.contains("public.sel\"ect.ed 🐘") && !names.contains("public.fleeting"))
        if lists {
            #expect(
                events.first { $0.table.hasPrefix("public.sel") && $0.operation == .read }?.payload
                    == "{\"i d\":1,\"kept\":\"k\"}")
        }
        #expect(events.first { $0.table == "public.gone" && $0.operation == .read }?.payload == "{\"a\":1,\"c\":3}")
        #expect(running.intake.isOrdered)
        let progress = try #require(running.status.snapshot)
        #expect(progress.tablesDone == progress.tables && progress.share == 1)
        #expect(progress.rows == UInt64(sorted(.read).count))
        try running.stop()
    }

    @Test("Rows wait for room, and the snapshot is done only when it is settled")
    func waitsForRoom() throws {
        let server = try PostgresServer()
        try server.sql(
            "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT i, 'x' FROM generate_series(1, 3000) i"
        )
        let checkpoints = MemoryCheckpoints()
        let intake = RecordingIntake()
        intake.refuse(true)
        intake.hold()
        let running = try RunningSource(server, intake: intake, checkpoints: checkpoints) { $0.batch.records = 1000 }
        try eventually("not refused") { intake.refusals > 0 }
        #expect(running.status.state == .snapshot && running.status.isPaused)
        intake.refuse(false)
        try running.caughtUp()
        #expect(checkpoints.load()?.snapshot == .running)
        intake.release()
        try eventually("not done") { checkpoints.load()?.snapshot == .done }
        #expect(intake.events.filter { $0.operation == .read }.count == 3000)
        try running.stop()
    }

    @Test("A reconnect while the snapshot is not settled yet does not start it over")
    func reconnectKeepsSnapshot() throws {
        let server = try PostgresServer()
        try server.sql(
            "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT i, 'x' FROM generate_series(1, 100) i"
        )
        let intake = RecordingIntake()
        intake.hold()
        let running = try RunningSource(server, intake: intake, checkpoints: MemoryCheckpoints())
        try running.streaming()
        try server.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
        try eventually("no reconnect") { running.status.reconnects > 0 }
        try server.sql("INSERT INTO item VALUES (101, 'y')")
        try running.caughtUp()
        #expect(intake.events.filter { $0.operation == .snapshotBegin }.count == 1)
        // A lane that lost its place needs those rows again, and only a new snapshot has them.
        running.source.replayNeeded(try #require(running.source.source))
        try eventually("no new snapshot") { intake.events.filter { $0.operation == .snapshotEnd }.count == 2 }
        try running.caughtUp()
        #expect(intake.rows(of: "public.item") == (try server.rows(of: "item")))
        intake.release()
        try running.stop()
    }

    @Test("A lane that lost its place gets again what came after the acknowledged position")
    func replays() throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE item (id int PRIMARY KEY, v text)")
        let checkpoints = MemoryCheckpoints()
        let running = try RunningSource(server, checkpoints: checkpoints)
        try running.caughtUp()
        try eventually("not done") { checkpoints.load()?.snapshot == .done }
        try server.sql("INSERT INTO item VALUES (1, 'settled')")
        try running.caughtUp()
        let end = try running.source.currentLogEnd()
        try eventually("not told") { running.status.acknowledged >= end }
        running.intake.hold()
        let before = running.intake.events
        try server.sql("INSERT INTO item VALUES (2, 'lost')")
        try running.caughtUp()
        running.intake.wantFrom(before.last?.position)
        running.source.replayNeeded(try #require(running.source.source))
        try eventually("not again") { running.intake.count == before.count + 2 }
        let again = running.intake.events.suffix(2)
        #expect(again.first == again.last)
        running.intake.release()
        try running.stop()
    }
}
