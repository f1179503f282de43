import Glibc
import TestServers
import Testing

/// Clients that mean no good, and how little they cost the others.
@Suite("The collector under strain", .serialized)
struct CollectorStrainTests {
    @Test(
        "With no file left to open new clients wait, those that are here are answered, and then all are",
        .timeLimit(.minutes(2)))
    func noFiles() throws {
        let collector = try CollectorSidecar()
        try collector.sidecar.startReady()
        let pid = try #require(collector.sidecar.process?.pid)
        let client = try #require(HTTPConnection(port: collector.port))
        #expect(client.post(CollectorSidecar.event("before"))?.status == 200)
        func limit(_ files: Int) throws {
            _ = try ChildProcess.run(
                ["prlimit", "--pid", "\(pid)", "--nofile=\(files):"], folder: collector.sidecar.folder)
        }
        try limit(5)
        let waiting = try (0..<20).map { _ in try #require(HTTPConnection(port: collector.port)) }
        #expect(client.post(CollectorSidecar.event("meanwhile"))?.status == 200)
        try limit(1000)
        for (index, one) in waiting.enumerated() {
            #expect(one.post(CollectorSidecar.event("waited \(index)"))?.status == 200)
        }
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        #expect(Set(collector.events().map(\.id)).count == 22)
    }

    @Test("Idle connections up to the system's limit leave room for those who send", .timeLimit(.minutes(3)))
    func idle() throws {
        // One process holds the clients' ends; each of their addresses has ports for 28,000.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let count = min(5000, Int(clamping: limit.rlim_max) - 1000)
        print("CollectorStrainTests: \(count) idle connections (of at most \(limit.rlim_max) open files)")
        let collector = try CollectorSidecar(
            http: "limits: {connections: \(count + 100), idleTimeout: 10m, headTimeout: 10m}")
        try collector.sidecar.startReady()
        let holder = try ChildProcess(
            [
                "python3", "-c",
                """
                import resource, socket, time
                resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
                held = []
                for n in range(\(count)):
                    s = socket.socket()
                    s.bind(('127.0.0.%d' % (2 + n % 4), 0))
                    s.connect(('127.0.0.1', \(collector.port)))
                    held.append(s)
                # Half of them have begun a head, which never ends.
                for s in held[::2]:
                    s.sendall(b'POST /self-describing HTTP/1.1\\r\\nHost: x\\r\\n')
                print('held', flush=True)
                time.sleep(600)
                """,
            ], folder: collector.sidecar.folder)
        defer { holder.stop(SIGKILL) }
        try eventually(within: 90, "\(holder.errors)") { holder.output.contains("held") }
        try eventually(within: 60, "\(collector.sidecar.metric("buz_http_connections ") ?? 0)") {
            (collector.sidecar.metric("buz_http_connections ") ?? 0) >= Double(count)
        }
        let client = try #require(HTTPConnection(port: collector.port))
        for number in 0..<100 { #expect(client.post(CollectorSidecar.event("\(number)"))?.status == 200) }
        #expect(collector.sidecar.get("/health/ready")?.status == 200)
        holder.stop(SIGKILL)
        try eventually(within: 60, "connections are let go") {
            (collector.sidecar.metric("buz_http_connections ") ?? 1e9) < 50
        }
        #expect(try collector.sidecar.terminate() == 0)
    }

    @Test("Changes of Postgres all arrive while the collector is flooded with bad input", .timeLimit(.minutes(4)))
    func besides() throws {
        let server = try PostgresServer()
        try server.sql("create database shop")
        try server.sql("create table item (id int primary key, note text)", database: "shop")
        let plain = try Sidecar(url: server.url("shop"), sinks: Sidecar.fileSink)
        let sidecar = try Sidecar(
            like: plain, replacing: "inputs:\n",
            with:
                "http: {port: \(plain.operationsPort), limits: {headTimeout: 1s}}\ninputs:\n  selfDescribing: {enabled: true}\n  snowplow: {enabled: true}\n"
        )
        try sidecar.startReady()
        let flood = try ChildProcess(
            [
                "python3", "-c",
                """
                import gzip, random, socket, threading
                bomb = gzip.compress(b' ' * 50_000_000)
                big = b'x' * 2_000_000
                def post(body, more=b'', path=b'/self-describing'):
                    return b'POST %s HTTP/1.1\\r\\nHost: x\\r\\n%sContent-Length: %d\\r\\n\\r\\n' % (path, more, len(body)) + body
                def named(name):
                    return post(b'{"payload":{"schema":"%s","data":{}}}' % name)
                kinds = [post(bomb, b'Content-Encoding: gzip\\r\\n'), post(big), post(b'{' * 900_000), b'\\x00' * 30_000,
                         b'GET / HTTP/1.1\\r\\n' + b'A: b\\r\\n' * 5000, b'POST /self-describing HTTP/1.1\\r\\nHost:',
                         named(b'../../../etc/passwd'), named(b'http://127.0.0.1:1/x'), post(b'[' + b'7,' * 9000 + b'7]'),
                         post(b'{"data":[{"e":"zz"}]}', path=b'/com.snowplowanalytics.snowplow/tp2')]
                def run(seed):
                    r = random.Random(seed)
                    while True:
                        try:
                            with socket.create_connection(('127.0.0.1', \(sidecar.operationsPort)), 5) as s:
                                s.settimeout(2)
                                for _ in range(20):
                                    s.sendall(r.choice(kinds) if r.random() < 0.9 else named(b'iglu:a/b%d/jsonschema/1-0-0' % r.randrange(10**6)))
                                    s.recv(65536)
                        except OSError:
                            pass
                for n in range(16):
                    threading.Thread(target=run, args=(n,), daemon=True).start()
                threading.Event().wait()
                """,
            ], folder: sidecar.folder)
        defer { flood.stop(SIGKILL) }
        try eventually(within: 60, "\(flood.errors)") {
            (sidecar.metric("buz_http_requests_total{protocol=\"selfDescribing\",status=\"4xx\"}") ?? 0) > 50
        }
        for part in 0..<20 {
            try server.sql(
                "insert into item select g, 'note' from generate_series(\(part * 500 + 1), \((part + 1) * 500)) g",
                database: "shop")
        }
        func changes() -> Int { sidecar.lines().count { $0.contains("\"protocol\":\"cdc\"") } }
        try eventually(within: 60, "\(changes()) of 10000; \(sidecar.get("/stats")?.body ?? "") \(sidecar.errors)") {
            changes() == 10_000
        }
        #expect(flood.exitCode == nil, "the flood went on: \(flood.errors)")
        #expect(sidecar.metric("buz_http_requests_total{protocol=\"selfDescribing\",status=\"5xx\"}") ?? 0 == 0)
        flood.stop(SIGKILL)
        #expect(try sidecar.terminate() == 0)
    }
}
