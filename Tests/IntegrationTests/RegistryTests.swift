import Glibc
import Synchronization
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
        let asked = "the web registry at http://127.0.0.1:\(port)/schemas"
        let check = try sidecar.command(["check", "--config", sidecar.configuration])
        #expect(check.code == 1)
        #expect(
            check.output.contains("ERROR    backend: http://127.0.0.1:\(port) cannot be reached"), "\(check.output)")
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
        let again = try sidecar.command(["check", "--config", sidecar.configuration])
        #expect(again.output.contains("ok       backend: \(asked) answers"), "\(again.output)")
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

    /// What the stub does with questions.
    private enum Mode: Sendable {
        case good
        case silent
        case garbage
    }

    @Test(
        "Slow, talking garbage, with 5 MB for a contract: rows flow and are checked as before, and status says what is wrong"
    )
    func trouble() throws {
        let source = try PostgresServer()
        let files = StubFileServer()
        let mode = Mutex(Mode.good)
        files.set("/schemas/com.acme.shop/item/jsonschema/1-0-0", Self.contract)
        let server = try StubHTTPServer { request in
            switch mode.withLock({ $0 }) {
            case .good: files.answer(request)
            case .silent: .silence
            case .garbage: .text(200, "<html>not found</html>")
            }
        }
        let sidecar = try sidecar(source, server.port)
        try source.sql("insert into item values (0, 'fine')", database: "shop")
        try sidecar.startReady()
        try eventually("\(sidecar.errors)") { sidecar.lines().count == 1 }
        func status() throws -> String { try sidecar.command(["status", "--config", sidecar.configuration]).output }
        var rows = 1
        /// Whether all rows that are fine flow, and one that breaks the contract does not.
        func flow(_ broken: Int) throws {
            try source.sql(
                "insert into item select n, 'fine' from generate_series(\(rows), \(rows + 99)) n", database: "shop")
            try source.sql("insert into item values (\(-broken), 'too long')", database: "shop")
            rows += 100
            try eventually("\(sidecar.lines().count) rows flow, \(sidecar.lines("bad").count) not: \(sidecar.errors)") {
                sidecar.lines().count == rows && sidecar.lines("bad").count == broken
            }
        }
        let troubles = [
            (Mode.silent, "has not answered for"), (.garbage, "answers for a folder with what is no JSON array"),
        ]
        for (number, (next, words)) in troubles.enumerated() {
            mode.withLock { $0 = next }
            // Makes it be asked at once.
            #expect(sidecar.get("/c/purge")?.status == 200)
            try flow(number + 1)
            try eventually("status does not say '\(words)'") { try status().contains(words) }
            #expect(sidecar.metric("buz_registry_up") == 0)
            #expect(sidecar.get("/health/ready")?.status == 200)
        }
        let large = "{\"title\":\"\(String(repeating: "a", count: 5 << 20))\"}"
        files.set("/schemas/com.acme.shop/item/jsonschema/1-0-1", large)
        mode.withLock { $0 = .good }
        #expect(sidecar.get("/c/purge")?.status == 200)
        try eventually("the large contract is not told of") {
            try status().contains("contract iglu:com.acme.shop/item/jsonschema/1-0-1 is not applied to public.item")
        }
        try flow(3)
        #expect(sidecar.metric("buz_registry_up") == 1)
        #expect(sidecar.metric("buz_sink_dead_letters{sink=\"lake\"}") == 0)
        try sidecar.terminate()
    }

    @Test("Ten thousand events with as many unknown names, while the registry hangs: known ones pass, the rest is kept")
    func flood() throws {
        let files = StubFileServer()
        files.set("/schemas/com.acme/known/jsonschema/1-0-0", "{}")
        let isSilent = Mutex(false)
        let server = try StubHTTPServer { isSilent.withLock { $0 } ? .silence : files.answer($0) }
        let sidecar = try Sidecar(
            collector: "selfDescribing: {enabled: true}", http: "registryPatience: 1s",
            sinks: "- {name: lake, type: file, path: OUT, defaultOutput: events, deadletterOutput: bad}",
            more: "registry: {backend: {type: http, url: \"http://127.0.0.1:\(server.port)/schemas\", timeout: 1s}}")
        try sidecar.startReady()
        func event(_ name: String) -> String {
            #"{"payload":{"schema":"iglu:com.acme/\#(name)/jsonschema/1-0-0","data":{}}}"#
        }
        let connection = try #require(HTTPConnection(port: sidecar.operationsPort))
        #expect(connection.post(event("known"))?.status == 200)
        try eventually("\(sidecar.errors)") { sidecar.lines().count == 1 }
        isSilent.withLock { $0 = true }
        for round in 0..<100 {
            let events = (0..<100).flatMap { [event("n\(round)-\($0)"), event("known")] }
            #expect(connection.post("[\(events.joined(separator: ","))]")?.status == 200)
        }
        try eventually(
            within: 60,
            "\(sidecar.lines().count) known events flow, \(server.requests.count) questions: \(sidecar.errors)"
        ) {
            sidecar.lines().count == 10_001
        }
        try eventually("the rest is not kept") {
            sidecar.metric("buz_sink_dead_letters{sink=\"lake\"}") == Double(10_000 - sidecar.lines("bad").count)
        }
        let status = try sidecar.command(["status", "--config", sidecar.configuration]).output
        #expect(status.contains("schema registry: the web registry at"), "\(status)")
        // Threads and places to wait bound what the registry is asked, not the number of names.
        #expect(server.requests.count < 1000)
        try sidecar.terminate()
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
