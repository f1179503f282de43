import TestServers
import Testing

extension BadInput {
    /// Changes of tables that `schemaChanges` does not let pass.
    @Suite("Schema policy")
    struct SchemaPolicyTests {
        private static let schema = "create table t (id int primary key, a text); create table u (id int primary key);"
        /// What came of changes, each once, as the file sink may write them again after a crash.
        private static let seen =
            "select string_agg(distinct op || tab || coalesce(p->>'id', ''), ' ') from e where op not in ('r', 's')"

        private func approve(_ name: String, _ stand: Stand) throws -> (code: Int32, output: String, errors: String) {
            try stand.sidecar.command(["schemas", "approve", "--config", stand.sidecar.configuration, name])
        }

        @Test(
            "Rows of a change that makes dead letters wait there over kill -9, and are replayed unchanged",
            .timeLimit(.minutes(3)))
        func deadLetters() throws {
            let stand = try Stand(schema: Self.schema, input: "schemaChanges: {model: deadLetter}")
            // The first shapes are read, before anything changes.
            try stand.deliver()
            try stand.sidecar.startReady()
            try stand.source(
                """
                insert into t values (1, 'x'); alter table t rename a to b; insert into t values (2, 'y');
                update t set b = 'z' where id = 2; delete from t where id = 1; insert into u values (1);
                """)
            try eventually(within: 30, "no dead letters: \(stand.sidecar.errors)") {
                try stand.deadLetters().count == 6
            }
            stand.sidecar.kill9()
            try stand.sidecar.startReady()
            try stand.source("insert into t values (3, 'w')")
            try eventually(within: 30, "not set aside after kill -9: \(stand.sidecar.errors)") {
                try stand.deadLetters().count == 8
            }
            let name = "iglu:com.acme.shop/t/jsonschema/2-0-0"
            #expect(try approve(name, stand).code != 0)
            #expect(try stand.sidecar.terminate() == 0)
            #expect(try stand.deadLetters().allSatisfy { $0.contains("schemas approve \(name)") })
            #expect(try stand.events(Self.seen) == "ct1 cu1")
            #expect(try stand.mirror("select id, a from t") == "1|x")
            let list = try stand.sidecar.command(
                ["deadletters", "list", "--config", stand.sidecar.configuration, "--json"])
            #expect(list.output.contains(#""class":"schema_change""#))

            #expect(try approve("iglu:com.acme.shop/t/jsonschema/9-0-0", stand).code == 1)
            let approval = try approve(name, stand)
            #expect(approval.code == 0, "\(approval.errors)")
            let replay = try stand.sidecar.command(
                ["deadletters", "replay", "--class", "schema_change", "--config", stand.sidecar.configuration])
            #expect(replay.code == 0, "\(replay.errors)")
            try stand.deliver("insert into t values (4, 'v')")
            #expect(try stand.deadLetters().isEmpty)
            #expect(try stand.events(Self.seen) == "ct1 ct2 ct3 ct4 cu1 dt1 ut2")
            #expect(try stand.events("select count(*) from e where valid <> 'true'") == "0")
            #expect(try stand.mirror("select id, b from t order by id") == "2|z\n3|w\n4|v")
        }

        @Test(
            "A snapshot that meets a change that pauses waits for the approval, and starts over after it",
            .timeLimit(.minutes(3)))
        func snapshot() throws {
            let stand = try Stand(schema: Self.schema, input: "snapshot: always\nschemaChanges: {revision: pause}")
            let name = "iglu:com.acme.shop/t/jsonschema/1-1-0"
            try stand.deliver("insert into t values (1, 'x')")
            try stand.source("alter table t drop a")
            for _ in 1...2 {
                try stand.sidecar.start()
                try eventually(within: 30, "not held: \(stand.sidecar.errors)") {
                    guard let ready = stand.sidecar.get("/health/ready") else { return false }
                    return ready.status == 503 && ready.body.contains("schemas approve \(name)")
                }
                #expect(stand.sidecar.metric("buz_source_held") == 1)
                #expect(try stand.sidecar.terminate() == 0)
            }
            #expect(try approve(name, stand).code == 0)
            try stand.deliver("insert into t values (2)")
            try stand.expectEqual(["t", "u"])
        }

        @Test(
            "A change that pauses is still paused after kill -9, and once approved nothing was lost",
            .timeLimit(.minutes(3)))
        func pause() throws {
            let stand = try Stand(schema: Self.schema, input: "schemaChanges: {revision: pause}")
            let name = "iglu:com.acme.shop/t/jsonschema/1-1-0"
            // The first shapes are read, before anything changes.
            try stand.deliver()
            try stand.sidecar.startReady()
            try stand.source(
                """
                insert into u values (1); begin; insert into t values (1, 'x'); alter table t drop a;
                insert into t values (2); commit; insert into u values (2);
                """)
            func expectHeld() throws {
                try eventually(within: 30, "not held: \(stand.sidecar.errors)") {
                    guard let ready = stand.sidecar.get("/health/ready") else { return false }
                    return ready.status == 503 && ready.body.contains("schemas approve \(name)")
                }
                #expect(stand.sidecar.metric("buz_source_held") == 1)
                try eventually(within: 30, "what came before is not delivered: \(stand.sidecar.errors)") {
                    try stand.events(Self.seen) == "ct1 cu1"
                }
            }
            try expectHeld()
            stand.sidecar.kill9()
            try stand.sidecar.start()
            try expectHeld()
            let status = try stand.sidecar.command(["status", "--config", stand.sidecar.configuration])
            #expect(status.output.contains("streaming, held") && status.output.contains("class revision"))
            #expect(stand.sidecar.errors.contains("iglu:com.acme.shop/t/jsonschema/1-0-0 to \(name)"))
            #expect(try stand.sidecar.terminate() == 0)
            #expect(try approve(name, stand).code == 0)
            try stand.deliver("insert into t values (3)")
            #expect(try stand.events(Self.seen) == "ct1 ct2 ct3 cu1 cu2")
            #expect(try stand.events("select count(distinct line->>'uuid') from e where op = 's'") == "1")
            try stand.expectEqual(["t", "u"])
            #expect(try stand.deadLetters().isEmpty)
        }
    }
}
