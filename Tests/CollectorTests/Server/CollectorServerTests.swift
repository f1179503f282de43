import CoreIngest
import Synchronization
import TestServers
import Testing

@testable import Collector

@Suite("The collector's server")
struct CollectorServerTests {
    @Test("An event that was answered lies in the spool")
    func one() async throws {
        let collector = try await TestCollector()
        let client = try collector.client()
        client.send(TestCollector.request("{\"n\":1}"))
        let answer = try #require(client.answer())
        #expect(answer.status == 200)
        #expect(answer.body == "{\"message\":\"ok\"}")
        #expect(answer.header("content-type") == "application/json")
        #expect(answer.header("date")?.hasSuffix(" GMT") == true)
        #expect(try collector.payloads == ["{\"n\":1}"])
        // The connection stays.
        client.send(TestCollector.request("{\"n\":2}"))
        #expect(client.answer()?.status == 200)
        #expect(try await collector.stop() == ["{\"n\":1}", "{\"n\":2}"])
    }

    @Test("Pipelined requests are answered in order, good or bad", arguments: CollectorSettings.Acknowledge.allCases)
    func pipelined(acknowledge: CollectorSettings.Acknowledge) async throws {
        let collector = try await TestCollector({
            $0.acknowledge = acknowledge
            $0.limits.pipelined = 10
        })
        let client = try collector.client()
        let count = 300
        var text = ""
        for index in 0..<count {
            text += TestCollector.request("{\"n\":\(index)}")
            text += "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
            text += TestCollector.request("{\"n\":")
        }
        // The test blocks, so the others have threads of their own.
        let (sending, delivering) = (ThreadExecutor(name: "sending"), ThreadExecutor(name: "delivering"))
        sending.start()
        delivering.start()
        let sender = Task.detached(executorPreference: sending) { [text] in client.send(text) }
        // What the pipeline would do.
        let deliverer = Task.detached(executorPreference: delivering) {
            [spool = collector.spool, server = collector.server] in
            while !Task.isCancelled {
                try? spool.persist(acknowledged: spool.committed)
                server.delivered(upTo: spool.acknowledged)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        for _ in 0..<count {
            #expect(client.answer()?.status == 200)
            #expect(client.answer()?.status == 404)
            #expect(client.answer()?.status == 400)
        }
        _ = await sender.value
        deliverer.cancel()
        await deliverer.value
        sending.stop()
        delivering.stop()
        #expect(try await collector.stop().count >= (acknowledge == .delivered ? 0 : count))
    }

    @Test("A request may come byte by byte, and in chunks")
    func slowly() async throws {
        let collector = try await TestCollector()
        let client = try collector.client()
        for byte in TestCollector.request("{\"n\":1}").utf8 { client.send([byte]) }
        #expect(client.answer()?.status == 200)
        let body = "{\"payload\":{\"data\":{\"n\":2}}}"
        client.send("POST /self-describing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in body.utf8 { client.send("1\r\n" + String(decoding: [byte], as: UTF8.self) + "\r\n") }
        client.send("0\r\n\r\n" + TestCollector.request("{\"n\":3}"))
        #expect(client.answer()?.status == 200)
        #expect(client.answer()?.status == 200)
        #expect(try await collector.stop() == ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"])
    }

    @Test("Bodies are inflated, and bombs refused")
    func encodings() async throws {
        let collector = try await TestCollector({ $0.limits.inflatedBytes = 1 << 20 })
        let client = try collector.client()
        func post(_ body: [UInt8], _ encoding: String) -> HTTPConnection.Answer? {
            client.send(
                Array(
                    "POST /self-describing HTTP/1.1\r\nHost: x\r\nContent-Encoding: \(encoding)\r\nContent-Length: \(body.count)\r\n\r\n"
                        .utf8) + body)
            return client.answer()
        }
        let text = Array("{\"payload\":{\"data\":{\"n\":1}}}".utf8)
        #expect(post(BodyInflaterTests.gzip(text), "gzip")?.status == 200)
        #expect(post(BodyInflaterTests.zstd(text), "ZSTD")?.status == 200)
        #expect(post(BodyInflaterTests.deflated(text, window: 15), "deflate")?.status == 200)
        #expect(post(text, "identity")?.status == 200)
        #expect(post(text, "gzip")?.status == 400)
        #expect(post(text, "br")?.status == 415)
        #expect(post(BodyInflaterTests.gzip([UInt8](repeating: 0x20, count: 16 << 20)), "gzip")?.status == 413)
        #expect(try await collector.stop().count == 4)
    }

    @Test("Routes answer 404, 405, HEAD and OPTIONS; absolute and encoded paths are found")
    func routes() async throws {
        let page = CollectorPage(routes: [Route([.get], .exact("/page"))]) { .text(200, $0.target) }
        let slow = CollectorPage(routes: [Route([.get], .prefix("/s"))], mayBlock: true) { .text(200, $0.target) }
        let collector = try await TestCollector(pages: [page, slow])
        let client = try collector.client()
        func ask(_ line: String, hasBody: Bool = true) -> HTTPConnection.Answer? {
            client.send("\(line) HTTP/1.1\r\nHost: x\r\n\r\n")
            return client.answer(hasBody: hasBody)
        }
        #expect(ask("GET /")?.status == 404)
        #expect(ask("GET /self-describing")?.status == 405)
        #expect(ask("GET /self-describing")?.header("allow") == "POST")
        #expect(ask("BREW /self-describing")?.status == 405)
        #expect(ask("GET /page?a=%20")?.body == "/page?a=%20")
        #expect(ask("GET http://x/%70age")?.status == 200)
        let head = ask("HEAD /page", hasBody: false)
        #expect(head?.status == 200)
        #expect(head?.header("content-length") == "5")
        #expect(ask("GET /s/a/b")?.body == "/s/a/b")
        #expect(ask("GET /sx")?.status == 404)
        try await collector.stop()
    }

    @Test(
        "What is no request is refused with its reason, and the connection ends",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1} hello\r\n\r\n", 400),
            ("POST /self-describing HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            ("POST /self-describing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ("POST /self-describing HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
            ("POST /self-describing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n", 413),
            ("GET / HTTP/1.1\r\nHost: \(String(repeating: "x", count: 20_000))", 431),
            ("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 200) + "\r\n", 431),
            ("POST /self-describing HTTP/1.1\r\nHost: x\r\nExpect: much\r\n\r\n", 417),
        ])
    func malformed(text: String, status: Int) async throws {
        let collector = try await TestCollector()
        let client = try collector.client()
        client.send(text)
        let answer = client.answer()
        #expect(answer?.status == status)
        #expect(answer?.header("connection") == "close")
        #expect(answer?.body.hasPrefix("{\"message\":") == true)
        client.finish()
        #expect(client.isClosed())
        #expect(try await collector.stop() == [])
    }

    @Test("A full spool gives 503 with Retry-After, and nothing of it is kept")
    func full() async throws {
        let collector = try await TestCollector(spool: { $0.maxBytes = 1 << 17 })
        let client = try collector.client()
        let pad = String(repeating: "x", count: 10_000)
        var kept: [String] = []
        var refused = 0
        for index in 0..<30 {
            client.send(TestCollector.request("\"\(index) \(pad)\""))
            let answer = client.answer()
            if answer?.status == 200 {
                kept.append("\"\(index) \(pad)\"")
            } else {
                refused += 1
                #expect(answer?.status == 503)
                #expect(answer?.header("retry-after") == "5")
            }
        }
        #expect(refused > 0 && kept.count > 5)
        #expect(try collector.payloads == kept)
        try collector.spool.persist(acknowledged: collector.spool.committed)
        client.send(TestCollector.request("1"))
        #expect(client.answer()?.status == 200)
        try await collector.stop()
    }

    @Test("Events that are not delivered in time give 503, and are kept")
    func notDelivered() async throws {
        let collector = try await TestCollector({
            $0.acknowledge = .delivered
            $0.limits.answerTimeout = .milliseconds(100)
        })
        let client = try collector.client()
        client.send(TestCollector.request("1"))
        #expect(client.answer()?.status == 503)
        #expect(try await collector.stop() == ["1"])
    }

    @Test("Below the dry run's path events are tried out and not kept")
    func dryRun() async throws {
        let collector = try await TestCollector({ $0.dryRunPath = "/squawkbox" })
        let client = try collector.client()
        client.send(TestCollector.request("1").replacing("POST /self", with: "POST /squawkbox/self"))
        #expect(client.answer()?.body == "tried 1")
        client.send(TestCollector.request("{").replacing("POST /self", with: "POST /squawkbox/self"))
        #expect(client.answer()?.status == 400)
        #expect(try await collector.stop() == [])
    }

    @Test("Several event loops keep every event that was answered")
    func threads() async throws {
        let collector = try await TestCollector({ $0.threads = 3 })
        let port = collector.server.port
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    let client = try #require(HTTPConnection(port: port))
                    for index in 0..<50 {
                        client.send(TestCollector.request("\"\(worker) \(index)\""))
                        #expect(client.answer()?.status == 200)
                    }
                }
            }
            try await group.waitForAll()
        }
        let kept = try await collector.stop()
        #expect(Set(kept).count == 300)
        #expect(kept.count == 300)
    }
}

extension String {
    fileprivate func replacing(_ text: String, with other: String) -> String {
        guard hasPrefix(text) else { return self }
        return other + dropFirst(text.count)
    }
}
