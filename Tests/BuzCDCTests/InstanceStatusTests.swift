import LogicalDecoding
import Synchronization
import Testing

@testable import BuzCDC
@testable import Collector
@testable import CoreIngest

/// A status in which all is well, to be changed by each test.
func healthyStatus() -> InstanceStatus {
    var source = SourceStatus()
    source.state = .streaming
    source.received = LogSequenceNumber(1000)
    source.serverEnd = LogSequenceNumber(1000)
    let lane = LaneStatus(
        sink: "lake", isRequired: true, state: .ok, attempts: 0, lastError: nil, isFailing: false, failingSince: nil,
        queuedEvents: 0,
        queuedBytes: 0, parkedBatches: 0, parkedBytes: 0, deadLetters: 0, deliveredEvents: 12, discardedEvents: 0,
        lastPosition: nil, lagSeconds: 0)
    return InstanceStatus(
        name: "test", environment: "test", startedAt: 0, takenAt: 61_000_000,
        sources: [.init(name: "shop", slot: "buz_shop", publication: "buz_shop", status: source)], lanes: [lane],
        acknowledgementError: nil, residentBytes: 20 << 20)
}

@Suite("Status of an instance")
struct InstanceStatusTests {
    @Test(
        "A source that neither streams nor snapshots makes the instance unready", arguments: SourceStatus.State.allCases
    )
    func sourceStates(state: SourceStatus.State) {
        var status = healthyStatus()
        status.sources[0].status.state = state
        #expect(status.unreadiness.isEmpty == (state == .streaming || state == .snapshot))
        #expect(status.unreadiness.allSatisfy { $0.contains("shop") && $0.contains(state.rawValue) })
    }

    @Test("A held lane makes the instance unready only when its sink is required", arguments: [true, false])
    func heldLane(isRequired: Bool) {
        var status = healthyStatus()
        status.lanes[0].state = .holding
        status.lanes[0].isRequired = isRequired
        #expect(status.unreadiness.isEmpty != isRequired)
    }

    @Test("A sink that is down while its events are parked leaves the instance ready")
    func parkedLane() {
        var status = healthyStatus()
        status.lanes[0].state = .parking
        #expect(status.unreadiness.isEmpty)
    }

    @Test("What a sink used of its destination is one line, and an object in JSON")
    func usage() {
        var status = healthyStatus()
        #expect(!status.text.contains("used since"))
        status.lanes[0].usage = [
            UsageFigure("warehouseMilliseconds", 61_500, .milliseconds, "of the warehouse at least"),
            UsageFigure("statements", 12, .count, "statements"), UsageFigure("streamedBytes", 2048, .bytes, "streamed"),
        ]
        #expect(
            status.text.contains(
                "\n  sink lake used since the start: 61 s of the warehouse at least, 12 statements, 2.0 KiB streamed"))
        #expect(
            String(decoding: status.json, as: UTF8.self).contains(
                #""usage":{"warehouseMilliseconds":61500,"statements":12,"streamedBytes":2048}"#))
    }

    @Test(
        "What only a person can mend makes the instance unready, where the sink is required",
        arguments: [SinkFailure.Code.unauthorized, .misconfigured, .unavailable, .throttled], [true, false])
    func refusedLane(code: SinkFailure.Code, isRequired: Bool) {
        var status = healthyStatus()
        status.lanes[0].state = .parking
        status.lanes[0].isFailing = true
        status.lanes[0].lastError = "no such role"
        status.lanes[0].failureCode = code
        status.lanes[0].isRequired = isRequired
        let needsPerson = code == .unauthorized || code == .misconfigured
        #expect(
            status.unreadiness
                == (needsPerson && isRequired ? ["sink lake works again only when someone mends it: no such role"] : [])
        )
    }

    @Test("Tables are listed with the one that is most behind first, and the rest is counted")
    func tables() {
        var status = healthyStatus()
        status.lanes[0].tables = (0..<12).map {
            TableLag(
                source: "shop", database: "shop", schema: "public", table: "t\($0)", lagSeconds: Double($0),
                deliveredTimestamp: $0 == 11 ? nil : 0)
        }
        let lines = status.text.split(separator: "\n", omittingEmptySubsequences: false)
        let header = lines.firstIndex { $0.hasPrefix("TABLE") } ?? 0
        #expect(lines[header + 1].hasPrefix("public.t11") && lines[header + 1].hasSuffix("not yet"))
        #expect(lines[header + 10].hasPrefix("public.t2 "))
        #expect(lines[header + 11] == "2 more that are less behind: see --json")
        let json = String(decoding: status.json, as: UTF8.self)
        #expect(json.contains(#"{"source":"shop","table":"public.t11","lagSeconds":11"#))
    }

    @Test("The pages answer what probes, Prometheus and people ask, and refuse the rest")
    func pages() throws {
        let pages = OperationsPages(
            token: BearerToken("secret"), status: { healthyStatus() }, metrics: { "buz_up 1\n" })
        func status(_ target: String, _ method: OperationsRequest.Method = .get, _ token: String? = nil) throws -> Int {
            let request = OperationsRequest(method: method, target: target, authorization: token.map { "Bearer \($0)" })
            return pages.respond(to: try #require(request)).status
        }
        for open in ["/", "/health/live", "/health/ready"] { #expect(try status(open) == 200) }
        for guarded in ["/metrics", "/stats", "/stats?format=text"] {
            #expect(try status(guarded) == 401)
            #expect(try status(guarded, .get, "wrong") == 401)
            #expect(try status(guarded, .get, "secret") == 200)
        }
        #expect(try status("/stats?format=xml", .get, "secret") == 400)
        #expect(try status("/nothing") == 404)
        #expect(try status("/health/live", .post) == 405)
        #expect(try status("/health/live", .head) == 200)
    }

    @Test("Schemas are served and purged, with the token, and by names of the grammar only")
    func schemaPages() throws {
        let purged = Mutex<[String]>([])
        let pages = OperationsPages(
            token: BearerToken("secret"), status: { healthyStatus() }, metrics: { "" },
            schemas: SchemaPages(
                text: { name throws(SchemaError) in
                    if name.name == "down" { throw SchemaError(.unavailable, "no answer") }
                    return name.name == "order" ? Array("{}".utf8) : nil
                }, purge: { name in purged.withLock { $0.append(name?.description ?? "all") } }, purgePath: "/c/purge",
                servesSchemas: true))
        func answer(_ target: String, _ method: OperationsRequest.Method = .get, _ token: String? = "secret") throws
            -> OperationsResponse
        {
            let request = OperationsRequest(method: method, target: target, authorization: token.map { "Bearer \($0)" })
            #expect(pages.mayBlock(try #require(request)) == (target.hasPrefix("/s/") || target.hasPrefix("/c/purge")))
            return pages.respond(to: try #require(request))
        }
        for target in [
            "/s/com.acme/order/jsonschema/1-0-0", "/s/com.acme/order/v1.0.json",
            "/s/iglu:com.acme/order/jsonschema/1-0-0",
        ] {
            #expect(try answer(target).status == 200)
            #expect(try answer(target).body == Array("{}".utf8))
            #expect(try answer(target, .get, nil).status == 401)
            #expect(try answer(target, .post).status == 405)
        }
        for target in [
            "/s/", "/s/../../etc/passwd", "/s/com.acme/%2e%2e/v1.0", "/s/com.acme/order/jsonschema/1-0-0%00",
            "/s/http://host/v1.0", "/s/com.acme/other/v1.0",
        ] { #expect(try answer(target).status == 404, "\(target)") }
        #expect(try answer("/s/com.acme/down/v1.0").status == 503)
        #expect(purged.withLock { $0 }.isEmpty)
        #expect(try answer("/c/purge").body == Array(#"{"message":"cache purged"}"#.utf8))
        #expect(try answer("/c/purge?schema=com.acme/order/v1.0", .post).status == 200)
        #expect(try answer("/c/purge?schema=../x").status == 400)
        #expect(try answer("/c/purge", .post, "wrong").status == 401)
        #expect(try answer("/c/purge", .head).status == 405)
        #expect(purged.withLock { $0 } == ["all", "iglu:com.acme/order/jsonschema/1-0-0"])
    }

    @Test("A registry that does not answer is told in the status, with since when and why")
    func registry() {
        var status = healthyStatus()
        status.registry = SchemaCache.Status(
            registry: "the Iglu server at http://iglu", statistics: .init(), failingSeconds: 12,
            lastError: "cannot be reached",
            staleEntries: 3, oldestStaleSeconds: 60)
        #expect(
            status.text.contains(
                "schema registry: the Iglu server at http://iglu has not answered for 12 s: cannot be reached"))
        #expect(String(decoding: status.json, as: UTF8.self).contains(#""failingSeconds":12"#))
        status.registry?.failingSeconds = nil
        #expect(!status.text.contains("schema registry"))
    }

    @Test("The status as JSON is one object with its sources and lanes")
    func json() {
        let text = String(decoding: healthyStatus().json, as: UTF8.self)
        #expect(text.hasPrefix(#"{"version":"\#(Version.current)","name":"test""#))
        #expect(text.contains(#""ready":true,"reasons":[],"sources":[{"name":"shop""#))
        #expect(text.contains(#""lanes":[{"sink":"lake","required":true,"state":"ok","delivered":12"#))
    }

    @Test("The status as text says loudly what is wrong")
    func text() {
        var status = healthyStatus()
        status.lanes[0].state = .holding
        status.lanes[0].lastError = "unavailable: refused"
        status.lanes[0].isFailing = true
        #expect(status.text.contains("NOT READY"))
        #expect(status.text.contains("park is full, so Postgres keeps its WAL: unavailable: refused"))
        #expect(!healthyStatus().text.contains("NOT READY"))
        status.collector = Collector.Status(
            address: "127.0.0.1:1",
            spool: Spool.Status(bytes: 0, pendingBytes: 0, limitBytes: 1, unacknowledgedBytes: 0, isFull: false),
            source: SpoolSource.Status(), connections: 0)
        #expect(status.text.contains("so Postgres keeps its WAL, and the spool its events: unavailable"))
        status.sources = []
        #expect(status.text.contains("so the spool keeps its events: unavailable"))
    }

    @Test("An error that was mended is shown with its age, and as no reason for anything")
    func mendedError() {
        var status = healthyStatus()
        status.lanes[0].state = .holding
        status.lanes[0].lastError = "unavailable: refused"
        status.lanes[0].lastErrorAt = 31_000_000
        #expect(status.text.contains("sink lake: works again; 30 s ago: unavailable: refused"))
        #expect(status.unreadiness.allSatisfy { !$0.contains("refused") })
        let json = String(decoding: status.json, as: UTF8.self)
        #expect(
            json.contains(#""failing":false,"lastError":"unavailable: refused","lastErrorAt":"1970-01-01T00:00:31"#))
        status.lanes[0].isFailing = true
        #expect(status.text.contains("sink lake: unavailable: refused") && status.unreadiness[0].contains("refused"))
    }
}

@Suite("Waiting until idle")
struct IdleWatchTests {
    private func expectDone(
        _ expected: Bool, _ watch: inout IdleWatch, _ status: InstanceStatus, isSettled: Bool, at now: Double,
        _ place: SourceLocation = #_sourceLocation
    ) {
        let isDone = watch.isDone(status, isSettled: isSettled, at: now)
        #expect(isDone == expected, sourceLocation: place)
    }

    @Test("It is done when all has been quiet for the time, counted from the last disturbance")
    func quiet() {
        var watch = IdleWatch(seconds: 2, targets: ["shop": LogSequenceNumber(1000)])
        var status = healthyStatus()
        status.sources[0].status.events = 5
        expectDone(false, &watch, status, isSettled: true, at: 10)
        expectDone(false, &watch, status, isSettled: true, at: 11)
        expectDone(false, &watch, status, isSettled: true, at: 12.9)
        status.sources[0].status.events = 6
        expectDone(false, &watch, status, isSettled: true, at: 13.1)
        expectDone(false, &watch, status, isSettled: true, at: 13.2)
        expectDone(false, &watch, status, isSettled: false, at: 14)
        expectDone(false, &watch, status, isSettled: true, at: 14.1)
        expectDone(true, &watch, status, isSettled: true, at: 16.1)
    }

    @Test(
        "It is not done while anything is behind",
        arguments: [
            { @Sendable (status: inout InstanceStatus) in status.sources[0].status.state = .snapshot },
            { status in status.sources[0].status.received = LogSequenceNumber(999) },
            { status in status.sources[0].status.isPaused = true },
            { status in status.sources[0].status.held = "a change" },
            { status in status.sources[0].name = "unknown" },
            { status in status.lanes[0].queuedEvents = 1 },
            { status in status.lanes[0].parkedBytes = 1 },
            { status in status.lanes[0].state = .retrying },
            { status in status.acknowledgementError = "disk full" },
        ] as [@Sendable (inout InstanceStatus) -> Void])
    func behind(change: @Sendable (inout InstanceStatus) -> Void) {
        var watch = IdleWatch(seconds: 0, targets: ["shop": LogSequenceNumber(1000)])
        var status = healthyStatus()
        change(&status)
        expectDone(false, &watch, status, isSettled: true, at: 10)
        expectDone(false, &watch, status, isSettled: true, at: 1000)
    }

    @Test("What the server writes after the start is not waited for")
    func laterLog() {
        var watch = IdleWatch(seconds: 1, targets: ["shop": LogSequenceNumber(1000)])
        var status = healthyStatus()
        _ = watch.isDone(status, isSettled: true, at: 1)
        _ = watch.isDone(status, isSettled: true, at: 2)
        status.sources[0].status.serverEnd = LogSequenceNumber(5000)
        expectDone(true, &watch, status, isSettled: true, at: 3)
    }
}
