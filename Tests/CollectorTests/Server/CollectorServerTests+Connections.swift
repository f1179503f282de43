import CoreIngest
import Synchronization
import TestServers
import Testing

@testable import Collector

extension CollectorServerTests {
    @Test("Versions, Connection and a closed input decide how long a connection lives")
    func connections() async throws {
        let collector = try await TestCollector()
        var client = try collector.client()
        client.send(TestCollector.request("1", version: "1.0"))
        #expect(client.answer()?.header("connection") == "close")
        #expect(client.isClosed())
        client = try collector.client()
        client.send(TestCollector.request("2", headers: "Connection: keep-alive\r\n", version: "1.0"))
        #expect(client.answer()?.header("connection") == "keep-alive")
        client.send(TestCollector.request("3", headers: "Connection: close\r\n") + TestCollector.request("never"))
        #expect(client.answer()?.header("connection") == "close")
        #expect(client.isClosed())
        // A client that says that it sends no more still gets its answers.
        client = try collector.client()
        client.send(TestCollector.request("4") + TestCollector.request("5"))
        client.finish()
        #expect(client.answer()?.status == 200)
        #expect(client.answer()?.status == 200)
        #expect(client.isClosed())
        #expect(try await collector.stop() == ["1", "2", "3", "4", "5"])
    }

    @Test("Expect: 100-continue is answered before the body, and refusals come instead of it")
    func continues() async throws {
        let collector = try await TestCollector({ $0.limits.bodyBytes = 1000 })
        let client = try collector.client()
        let body = "{\"payload\":{\"data\":1}}"
        client.send(
            "POST /self-describing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        )
        #expect(client.answer()?.status == 100)
        client.send(body)
        #expect(client.answer()?.status == 200)
        client.send("POST /self-describing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
        #expect(client.answer()?.status == 413)
        #expect(try await collector.stop() == ["1"])
    }

    @Test("Clients that are too slow, or idle, are let go")
    func timeouts() async throws {
        let collector = try await TestCollector({
            $0.limits.headTimeout = .milliseconds(300)
            $0.limits.bodyTimeout = .milliseconds(300)
            $0.limits.idleTimeout = .milliseconds(300)
        })
        let head = try collector.client()
        head.send("POST /self-desc")
        let body = try collector.client()
        body.send("POST /self-describing HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        let idle = try collector.client()
        idle.send(TestCollector.request("1"))
        #expect(idle.answer()?.status == 200)
        #expect(head.answer()?.status == 408)
        #expect(body.answer()?.status == 408)
        #expect(idle.isClosed())
        try await collector.stop()
    }

    @Test("Past the limit of connections a new one is closed, and room comes back")
    func connectionLimit() async throws {
        let collector = try await TestCollector({ $0.limits.connections = 3 })
        var clients: [HTTPConnection] = []
        for _ in 0..<3 {
            let client = try collector.client()
            client.send(TestCollector.request("1"))
            #expect(client.answer()?.status == 200)
            clients.append(client)
        }
        #expect(try collector.client().isClosed())
        clients.removeLast()
        var isBack = false
        for _ in 0..<200 where !isBack {
            let client = try collector.client()
            client.send(TestCollector.request("2"))
            isBack = client.answer()?.status == 200
        }
        #expect(isBack)
        clients = []
        try await collector.stop()
    }
}
