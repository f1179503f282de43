import Glibc
import Synchronization
import TestServers
import Testing

/// What was answered with 200 is in the sink, whatever is killed or full.
@Suite("The collector's durability", .serialized)
struct CollectorCrashTests {
    @Test(
        "Every event that was answered is in the file once by its uuid, through 20 times kill -9 under load",
        .timeLimit(.minutes(10)))
    func kills() throws {
        let collector = try CollectorSidecar()
        try collector.sidecar.startReady()
        let load = CollectorLoad(port: collector.port, connections: 8)
        load.start()
        var generator = SeededGenerator(seed: 4)
        for _ in 1...20 {
            usleep(UInt32.random(in: 50_000...700_000, using: &generator))
            collector.sidecar.kill9()
            try collector.sidecar.start()
        }
        try collector.sidecar.waitReady(seconds: 90)
        usleep(500_000)
        let answered = load.stop()
        #expect(answered.count > 500, "the load ran")
        #expect(try collector.sidecar.terminate() == 0, "a graceful stop exits 0: \(collector.sidecar.errors)")
        try collector.sidecar.runUntilIdle()
        let found = collector.events()
        let missing = answered.subtracting(found.map(\.id))
        #expect(missing.isEmpty, "\(missing.count) of \(answered.count) answered events are missing")
        // A crash may repeat an event, always with the same uuid; and two events never share one.
        var ids: [String: String] = [:]
        for event in found {
            let first = ids.updateValue(event.id, forKey: event.uuid)
            #expect(first == nil || first == event.id)
        }
        // By the sink's deduplication key, the uuid, each answered event is there once.
        let byUUID = Dictionary(found.map { ($0.uuid, $0.id) }, uniquingKeysWith: { first, _ in first })
        let times = Dictionary(grouping: byUUID.values, by: { $0 }).mapValues(\.count)
        #expect(answered.allSatisfy { times[$0] == 1 })
        #expect(found.allSatisfy { $0.isValid })
    }

    @Test(
        "A full disk under the spool gives 503 with Retry-After, not loss", .timeLimit(.minutes(3)),
        .enabled(if: geteuid() == 0, "skipped: mounting a small tmpfs needs root"))
    func fullDisk() throws {
        let collector = try CollectorSidecar()
        let spool = "\(collector.sidecar.folder.path)/state/spool"
        mkdir("\(collector.sidecar.folder.path)/state", 0o700)
        mkdir(spool, 0o700)
        func mount(_ arguments: [String]) throws {
            _ = try ChildProcess.run(["mount"] + arguments, folder: collector.sidecar.folder)
        }
        try mount(["-t", "tmpfs", "-o", "size=256k", "tmpfs", spool])
        defer { _ = try? ChildProcess.run(["umount", "-l", spool], folder: collector.sidecar.folder) }
        try collector.sidecar.startReady()
        let client = try #require(HTTPConnection(port: collector.port))
        var answered: Set<String> = []
        var refused = 0
        let pad = String(repeating: "x", count: 20_000)
        for number in 0..<40 {
            let answer = try #require(client.post(CollectorSidecar.event("full \(number)", pad: pad)))
            switch answer.status {
            case 200: answered.insert("full \(number)")
            case 503:
                refused += 1
                #expect(answer.header("retry-after") != nil)
            default: Issue.record("status \(answer.status)")
            }
        }
        #expect(refused > 0, "the disk was full")
        #expect(collector.sidecar.get("/health/ready")?.status == 503 || refused < 40)
        try mount(["-o", "remount,size=64m", spool])
        #expect(client.post(CollectorSidecar.event("after"))?.status == 200)
        answered.insert("after")
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        #expect(Set(collector.events().map(\.id)) == answered)
    }

    @Test(
        "Bad input is reported in the event's verdict, or refused with a reason; nothing is a 500",
        .timeLimit(.minutes(3)))
    func badInput() throws {
        let collector = try CollectorSidecar()
        try collector.sidecar.startReady()
        let client = try #require(HTTPConnection(port: collector.port))
        func schema(_ name: String) -> String {
            "{\"payload\":{\"schema\":\(name),\"data\":{\"id\":\"\(name.count)\",\"n\":1}}}"
        }
        let names = [
            "\"iglu:com.acme/missing/jsonschema/1-0-0\"", "\"iglu:com.acme/../../etc/passwd/jsonschema/1-0-0\"",
            "\"../../../../etc/passwd\"", "\"http://127.0.0.1:1/x\"", "\"iglu:http://a/b/jsonschema/1-0-0\"",
            "\"file:///etc/passwd\"", "\"\"", "null",
        ]
        for name in names { #expect(client.post(schema(name))?.status == 200) }
        #expect(
            client.post("{\"payload\":{\"schema\":\"iglu:com.acme/a/jsonschema/1-0-0\",\"data\":{\"n\":1}}}")?.status
                == 200)
        for bad in ["", "{", "7", "[{}]", "{\"payload\":[]}", "\u{0}\u{1}"] {
            let status = client.post(bad)?.status ?? 0
            #expect((200..<500).contains(status))
        }
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        let invalid = collector.events("invalid")
        #expect(invalid.count >= names.count + 1)
        #expect(invalid.allSatisfy { !$0.isValid && $0.line.contains("\"validationError\":{\"message\":\"") })
        #expect(
            invalid.contains { $0.line.contains("the registry has no schema iglu:com.acme/missing/jsonschema/1-0-0") })
        #expect(invalid.contains { $0.line.contains("\"keyword\":\"required\"") })
        #expect(invalid.contains { $0.line.contains("the event names no schema") })
    }
}

/// The program with the HTTP input alone, and a file sink.
final class CollectorSidecar {
    let sidecar: Sidecar
    var port: Int { sidecar.operationsPort }

    struct Event {
        var uuid: String
        var id: String
        var isValid: Bool
        var line: Substring
    }

    /// `port`: of the collector, where it is not that of the pages.
    init(http: String = "", inputs: String = "", registry: String = "", port: Int? = nil) throws {
        let schemas = try TemporaryFolder("schemas")
        self.schemas = schemas
        let folder = "\(schemas.path)/com.acme/a/jsonschema"
        for path in ["com.acme", "com.acme/a", "com.acme/a/jsonschema"] { mkdir("\(schemas.path)/\(path)", 0o755) }
        try writeText(
            """
            {"type":"object","required":["id"],"properties":{"id":{"type":"string"},"pad":{"type":"string"}}}
            """, to: "\(folder)/1-0-0")
        sidecar = try Sidecar(
            collector: """
                selfDescribing: {enabled: true}
                \(inputs)
                """, http: http, port: port,
            sinks: "- {name: lake, type: file, path: OUT, defaultOutput: events, deadletterOutput: invalid}",
            more: "registry: {backend: {type: file, path: \(schemas.path)}\(registry)}")
    }

    private let schemas: TemporaryFolder

    static func event(_ id: String, pad: String = "") -> String {
        "{\"payload\":{\"schema\":\"iglu:com.acme/a/jsonschema/1-0-0\",\"data\":{\"id\":\"\(id)\",\"pad\":\"\(pad)\"}}}"
    }

    func events(_ output: String = "events") -> [Event] {
        sidecar.lines(output).map { line in
            Event(
                uuid: Self.text(after: "{\"uuid\":\"", in: line),
                id: Self.text(after: "\"payload\":{\"id\":\"", in: line),
                isValid: line.contains("\"isValid\":true"), line: line)
        }
    }

    /// What stands between a marker and the next quote.
    private static func text(after marker: String, in line: Substring) -> String {
        guard let range = line.firstRange(of: marker) else { return "" }
        return String(line[range.upperBound...].prefix { $0 != "\"" })
    }
}

/// Clients that post events, one after the other, and come again when the connection breaks.
final class CollectorLoad: Sendable {
    private struct State {
        var answered: Set<String> = []
        var isStopped = false
        var running = 0
    }

    private let port: Int
    private let connections: Int
    private let state = Mutex(State())

    init(port: Int, connections: Int) {
        self.port = port
        self.connections = connections
    }

    func start() {
        state.withLock { $0.running = connections }
        for number in 0..<connections {
            let box = Unmanaged.passRetained(Worker(load: self, number: number))
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().run() }
                    return nil
                }, box.toOpaque())
            pthread_detach(thread)
        }
    }

    /// The ids of the events that were answered with 200.
    func stop() -> Set<String> {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.running > 0 }) { usleep(10_000) }
        return state.withLock { $0.answered }
    }

    private final class Worker: Sendable {
        let load: CollectorLoad
        let number: Int

        init(load: CollectorLoad, number: Int) {
            self.load = load
            self.number = number
        }

        func run() {
            var count = 0
            var client: HTTPConnection?
            while !load.state.withLock({ $0.isStopped }) {
                guard let connected = client ?? HTTPConnection(port: load.port) else {
                    usleep(5000)
                    continue
                }
                client = connected
                count += 1
                let id = "\(number)-\(count)"
                guard let answer = connected.post(CollectorSidecar.event(id)) else {
                    client = nil
                    continue
                }
                if answer.status == 200 { load.state.withLock { _ = $0.answered.insert(id) } }
            }
            load.state.withLock { $0.running -= 1 }
        }
    }
}
