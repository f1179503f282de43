import Glibc
import TestServers
import Testing

/// Must show 5 of the validation core: the registry is down, and comes back.
@Suite("Schema registry", .serialized, .timeLimit(.minutes(4)))
struct RegistryTests {
    private static let contract =
        #"{"type":"object","properties":{"note":{"type":"string","maxLength":5}},"required":["id"]}"#

    private func sidecar(_ source: PostgresServer, _ port: Int, output: String = "") throws -> Sidecar {
        try source.sql("create database shop")
        try source.sql("create table item (id int primary key, note text)", database: "shop")
        return try Sidecar(
            url: source.url("shop"),
            sinks: "- {name: lake, type: file, path: OUT, defaultOutput: events, deadletterOutput: bad}",
            more: "registry: {backend: {type: http, url: \"http://127.0.0.1:\(port)/schemas\", timeout: 1s}}")
    }

    @Test("Rows that cannot be checked are kept and replayed unchanged; once the registry answers they are checked")
    func outage() throws {
        let source = try PostgresServer()
        let port = try freePort()
        let sidecar = try sidecar(source, port)
        try source.sql("insert into item values (1, 'before')", database: "shop")
        try sidecar.startReady()
        try source.sql("insert into item values (2, 'down')", database: "shop")
        try eventually("\(sidecar.errors)") { sidecar.metric("buz_sink_dead_letters{sink=\"lake\"}") == 2 }
        let status = try sidecar.command(["status", "--config", sidecar.configuration])
        #expect(
            status.output.contains(
                "schema registry: the web registry at http://127.0.0.1:\(port)/schemas has not answered"))
        #expect(sidecar.metric("buz_registry_up") == 0)
        #expect(sidecar.lines().isEmpty)
        #expect(sidecar.lines("bad").isEmpty)
        // The registry comes, with a contract that the row 2 would break.
        let files = StubFileServer()
        files.set("/schemas/com.acme.shop/item/jsonschema/1-0-0", Self.contract)
        let server = try StubHTTPServer(port: port) { files.answer($0) }
        try eventually("the contract is not applied: \(sidecar.errors)") {
            try source.sql("insert into item select max(id) + 1, 'fine' from item", database: "shop")
            usleep(200_000)
            return !sidecar.lines().isEmpty
        }
        try source.sql("insert into item values (1000, 'too long')", database: "shop")
        try eventually("nothing is invalid") { sidecar.lines("bad").count == 1 }
        #expect(sidecar.metric("buz_registry_up") == 1)
        let list = try sidecar.command(["deadletters", "list", "--config", sidecar.configuration, "--json"])
        #expect(list.output.contains(#""class":"schema_unavailable""#))
        // A restart without the registry: what was known is still checked.
        server.stop()
        try sidecar.terminate()
        let waiting = try #require(
            Int(
                try sidecar.command(["deadletters", "list", "--config", sidecar.configuration, "--json"])
                    .output.split(separator: "\"count\":").dropFirst().first?.prefix { $0.isNumber } ?? ""))
        let before = sidecar.lines().count
        let replay = try sidecar.command(["deadletters", "replay", "--config", sidecar.configuration, "--sink", "lake"])
        #expect(replay.code == 0, "\(replay.errors)")
        #expect(sidecar.lines().count == before + waiting)
        #expect(sidecar.lines().contains { $0.contains(#""note":"down""#) && $0.contains(#""isValid":true"#) })
        let total = try source.sql("select count(*) from item", database: "shop")
        #expect("\(sidecar.lines().count + sidecar.lines("bad").count)" == total)
    }

    @Test("The commands list, get, publish and purge; the pages serve and purge")
    func commands() throws {
        let source = try PostgresServer()
        let files = StubFileServer()
        let server = try StubHTTPServer { files.answer($0) }
        let sidecar = try sidecar(source, server.port)
        let config = ["--config", sidecar.configuration]
        try writeText(Self.contract, to: "\(sidecar.folder.path)/contract.json")
        func schemas(_ arguments: String...) throws -> (code: Int32, output: String, errors: String) {
            try sidecar.command(["schemas"] + arguments + config)
        }
        let nameless = try schemas("publish", "\(sidecar.folder.path)/contract.json")
        #expect(nameless.code == 2)
        #expect(nameless.errors.contains("give it with --as"))
        let name = "iglu:com.acme.shop/item/jsonschema/1-0-0"
        #expect(
            try schemas("publish", "\(sidecar.folder.path)/contract.json", "--as", name).output == "published \(name)\n"
        )
        #expect(try schemas("publish", "\(sidecar.folder.path)/contract.json", "--as", name).code == 0)
        #expect(try schemas("get", "com.acme.shop/item/v1.0.json").output == Self.contract + "\n")
        #expect(try schemas("get", "com.acme.shop/none/v1.0").code == 1)
        #expect(try schemas("get", "../../etc/passwd").code == 2)
        let list = try schemas("list", "--json")
        #expect(list.code == 1)
        #expect(list.errors.contains("cannot list"))
        try writeText(#"{"type":7}"#, to: "\(sidecar.folder.path)/broken.json")
        #expect(try schemas("publish", "\(sidecar.folder.path)/broken.json", "--as", "a/b/v1.0").code == 2)
        // Files may refer to each other and to what the registry has, and to nothing else.
        let references = ["x": "a/y/v1.0.json", "y": "com.acme.shop/item/v1.0.json", "z": "a/none/v1.0.json"]
        for (own, other) in references {
            try writeText(
                #"{"self":{"vendor":"a","name":"\#(own)","format":"jsonschema","version":"1-0-0"},"allOf":[{"$ref":"\#(other)"}]}"#,
                to: "\(sidecar.folder.path)/\(own).json")
        }
        let paths = ["x", "y", "z"].map { "\(sidecar.folder.path)/\($0).json" }
        #expect(
            try schemas("publish", paths[0]).errors.contains(
                "'a/y/v1.0.json' leads to a schema that is not in the registry"))
        #expect(try schemas("publish", paths[0], paths[1], paths[2]).code == 2)
        #expect(try schemas("publish", paths[0], paths[1]).code == 0)
        #expect(try schemas("purge").code == 1)
        try sidecar.startReady()
        #expect(sidecar.get("/s/com.acme.shop/item/jsonschema/1-0-0")?.body == Self.contract)
        #expect(sidecar.get("/s/com.acme.shop/none/v1.0")?.status == 404)
        #expect(sidecar.get("/c/purge")?.body == #"{"message":"cache purged"}"#)
        try source.sql("insert into item values (1, 'too long')", database: "shop")
        try eventually("the contract is not applied") { sidecar.lines("bad").count == 1 }
        files.set("/schemas/com.acme.shop/item/jsonschema/1-0-1", "{}")
        #expect(try schemas("purge", name).output == "purged \(name)\n")
        try eventually("the new contract is not applied") {
            try source.sql("insert into item select max(id) + 1, 'too long' from item", database: "shop")
            usleep(200_000)
            return !sidecar.lines().isEmpty
        }
        #expect(sidecar.lines()[0].contains("jsonschema/1-0-1"))
        try sidecar.terminate()
    }
}
