import CoreIngest
import HTTPClient
import SinkTesting
import Synchronization
import TestServers
import Testing

@testable import Sinks

/// Rows that go by way of a bucket (moto) and `COPY`.
@Suite(
    .serialized, .enabled(if: Emulators.areInstalled, "SKIPPED: no emulators; run scripts/install.sh test"),
    .timeLimit(.minutes(3)))
struct RedshiftStagingTests {
    private let bucket: RedshiftBucketServer
    private let fixture: RedshiftFixture
    private var server: RedshiftServer { fixture.server }
    private var orders: StreamDescriptor { fixture.orders }

    init() throws {
        bucket = try RedshiftBucketServer()
        fixture = try RedshiftFixture(bucket: bucket)
    }

    private func expectCopies() throws {
        let copies = server.statements.filter { $0.hasPrefix("COPY buz_stage_") }
        #expect(!copies.isEmpty)
        #expect(try bucket.objects().isEmpty)
        #expect(server.errors.isEmpty, "\(server.errors)")
        if SQLGrammar.isInstalled { #expect(try SQLGrammar.unreadable(copies, dialect: "redshift") == []) }
    }

    @Test("Both modes pass the shared suite", arguments: [RedshiftSinkSettings.Mode.events, .mirror])
    func conformance(mode: RedshiftSinkSettings.Mode) async throws {
        try await fixture.conformance(mode)
        #expect(server.statements.contains { $0.hasPrefix("COPY buz_stage_") })
    }

    @Test("Every value is the same by COPY as by INSERT, in mirrors and in the table of events")
    func values() async throws {
        let texts = [
            "", " ", "  a ", "NULL", "\\N", "\\", "\\\\", "a\\nb", "'", "''", "\"", "\"\"", "a,b", "(a),", "),(", "\t",
            "\n",
            "\n\n", "\r", "\r\n", "a\nb\r\nc", "é😀", "\u{1}\u{7F}", "true", "0", "a\"b'c\\d,e\nf", "{\"a\":[1,null]}",
            "\\.",
            "\u{FEFF}x", String(repeating: "\"'\\", count: 9000),
        ]
        let kinds: [(String, StreamDescriptor.Kind)] = [
            ("id", .integer(bits: 64)), ("t", .string(maxLength: nil)), ("b", .bytes), ("j", .json),
            ("f", .float(bits: 64)),
            ("n", .numeric(precision: 38, scale: 9)), ("o", .boolean), ("d", .date), ("s", .timestamp(withZone: false)),
            ("z", .timestamp(withZone: true)), ("u", .uuid), ("w", .time(withZone: false)),
        ]
        let others = [
            #""b":null,"j":null,"f":null,"n":null,"o":null,"d":null,"s":null,"z":null,"u":null,"w":null"#,
            #""b":"\\x","j":{"a":"\"\\,\n'"},"f":1e-300,"n":-0.000000001,"o":true,"d":"0001-01-01","s":"9999-12-31T23:59:59.999999","z":"2026-01-01T00:00:00.000001Z","u":"00000000-0000-0000-0000-000000000001","w":"00:00:00""#,
            #""b":"\\x00ff22275c2c0a","j":[],"f":-1.7976931348623157e308,"n":99999999999999999999999999999.999999999,"o":false,"d":"infinity","s":"-infinity","z":"2026-06-30T12:00:00Z","u":"ffffffff-ffff-ffff-ffff-ffffffffffff","w":"23:59:59.999999""#,
        ]
        let table = fixture.stream(kinds, key: [0], table: "things")
        let log = fixture.stream(kinds, key: [], table: "log")
        let maker = BatchMaker()
        func add(_ id: Int, _ text: String) {
            let row = "{\"id\":\(id),\"t\":\(text),\(others[id % others.count])}"
            maker.add(.create, table, row, key: "{\"id\":\(id)}")
            maker.add(.create, log, row)
        }
        for (id, text) in texts.enumerated() { add(id, json(text)) }
        add(1000, "null")
        let batch = maker.seal()
        for (schema, staging) in [("inserted", nil), ("copied", fixture.settings().staging)] {
            for mode in [RedshiftSinkSettings.Mode.mirror, .events] {
                var settings = fixture.settings(mode)
                settings.name = "\(schema)_\(mode.rawValue)"
                settings.schema = schema
                settings.staging = staging
                let lane = LaneStandIn(RedshiftSink(settings, renderer: SampleEvents.renderer))
                try await lane.open()
                try await lane.deliver(batch)
                #expect(lane.rejections.isEmpty, "\(lane.rejections)")
                await lane.sink.close()
            }
        }
        for table in ["things", "log", "events"] {
            #expect(try server.sql("SELECT COUNT(*) >= \(texts.count) FROM copied.\(table)") == "t")
            #expect(
                try server.sql(
                    """
                    SELECT COUNT(*) FROM (SELECT t::text FROM inserted.\(table) t EXCEPT SELECT t::text FROM copied.\(table) t
                    UNION ALL (SELECT t::text FROM copied.\(table) t EXCEPT SELECT t::text FROM inserted.\(table) t)) d
                    """) == "0", "\(table)")
        }
        #expect(try server.sql("SELECT COUNT(*) FROM copied.things WHERE t IS NULL") == "1")
        try expectCopies()
    }

    @Test("Few rows go by INSERT, many by COPY, and texts of a mirror follow their source either way")
    func bound() async throws {
        var settings = fixture.settings()
        settings.staging?.leastBytes = 20_000
        let lane = LaneStandIn(RedshiftSink(settings, renderer: SampleEvents.renderer))
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":0,"name":"n"}"#, key: #"{"id":0}"#)
        try await lane.deliver(maker.seal())
        #expect(!server.statements.contains { $0.hasPrefix("COPY") })
        maker.begin()
        for id in 1...2000 {
            maker.add(.create, orders, "{\"id\":\(id),\"name\":\"name \(id)\"}", key: "{\"id\":\(id)}")
        }
        try await lane.deliver(maker.seal())
        #expect(try server.sql("SELECT COUNT(*) FROM orders") == "2001")
        maker.begin()
        for id in 1...2000 {
            maker.add(
                .update, orders, "{\"id\":\(id),\"name\":\"other\"}", key: "{\"id\":\(id)}", unchanged: #""note""#)
        }
        try await lane.deliver(maker.seal())
        #expect(try server.sql("SELECT COUNT(*) FROM orders WHERE name = 'other'") == "2000")
        await lane.sink.close()
        try expectCopies()
    }

    @Test("Rows that only the server refuses are found all the same, and their object is gone")
    func refusedRows() async throws {
        let visits = fixture.stream(
            [("id", .integer(bits: 64)), ("at", .time(withZone: false))], key: [0], table: "visits")
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        for id in 0..<100 {
            maker.add(
                .create, visits, "{\"id\":\(id),\"at\":\"\(id == 40 || id == 99 ? "no time" : "12:30:00.5")\"}",
                key: "{\"id\":\(id)}")
        }
        let outcome = await sink.write([BatchSlice(maker.seal())])
        guard case .rejected(let rejections) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(rejections.map(\.record) == [40, 99], "\(rejections)")
        #expect(!"\(rejections)".contains("no time"))
        #expect(try server.sql("SELECT COUNT(*) FROM visits") == "98")
        await sink.close()
        try expectCopies()
    }

    /// A text as JSON has it.
    private func json(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return "\"\(out)\""
    }

    private func opening(_ staging: RedshiftStaging) async -> SinkFailure? {
        var settings = fixture.settings()
        settings.staging = staging
        settings.statementTimeout = .seconds(2)
        do {
            _ = try await RedshiftSink(settings, renderer: SampleEvents.renderer).open()
            return nil
        } catch {
            return error
        }
    }

    @Test("What is wrong with the bucket is told at opening, in one line that says what to do, without a secret")
    func failures() async throws {
        func expect(
            _ staging: RedshiftStaging, _ code: SinkFailure.Code, _ words: String,
            _ location: SourceLocation = #_sourceLocation
        ) async {
            let failure = await opening(staging)
            #expect(
                failure?.code == code && failure?.message.contains(words) == true, "\(failure as Any)",
                sourceLocation: location)
            let text = failure?.message ?? ""
            #expect(
                !text.contains("\n") && !text.contains(bucket.keys.secret) && !text.contains("not-it"),
                sourceLocation: location)
        }
        let wrong = EmulatorKeys(id: bucket.keys.id, secret: "not-it")
        await expect(fixture.staging(at: bucket.url, bucket.keys, bucket: "none"), .misconfigured, "no such bucket")
        await expect(fixture.staging(at: bucket.url, wrong), .unauthorized, "secret access key does not belong")
        await expect(fixture.staging(at: bucket.url, bucket.powerless), .unauthorized, "s3:PutObject")
        await expect(fixture.staging(at: bucket.url) { _ in nil }, .unauthorized, "there are no AWS credentials")
        await expect(fixture.staging(at: "http://127.0.0.1:1", bucket.keys), .unavailable, "cannot be asked")
        for (status, code, kind, words) in [
            (503, "SlowDown", SinkFailure.Code.unavailable, "is asked again"),
            (500, "InternalError", .unavailable, "is asked again"),
            (403, "RequestTimeTooSkewed", .misconfigured, "set it by NTP"),
            (301, "PermanentRedirect", .misconfigured, "set 'region'"),
        ] {
            let stub = try StubHTTPServer { _ in .text(status, "<Error><Code>\(code)</Code></Error>") }
            await expect(fixture.staging(at: stub.url, bucket.keys), kind, words)
        }
        let hanging = try StubHTTPServer { _ in .silence }
        await expect(fixture.staging(at: hanging.url, bucket.keys), .unavailable, "cannot be asked")
    }

    @Test("An object that cannot be deleted fails nothing, and is told once; one that could not be put is not lent")
    func leftover() throws {
        let stub = try StubHTTPServer { request in
            request.path.contains("full") || request.method == "DELETE"
                ? .text(403, "<Error><Code>AccessDenied</Code></Error>") : .text(200, "")
        }
        var staging = fixture.staging(at: stub.url, bucket.keys)
        let store = RedshiftBucket(staging, sink: "copy", connectTimeout: .seconds(2), timeout: .seconds(2))
        var keys: Set<String> = []
        for _ in 0..<2 { try store.lend([1, 2]) { key throws(PostgresFailure) in keys.insert(key) } }
        #expect(keys.count == 2 && keys.allSatisfy { $0.hasPrefix("buz/rows/copy/") && $0.hasSuffix(".csv.gz") })
        #expect(stub.requests.map(\.method) == ["PUT", "DELETE", "PUT", "DELETE"])
        #expect(store.leftover?.contains("s3:DeleteObject") == true, "\(store.leftover ?? "")")
        staging.prefix = "full"
        let full = RedshiftBucket(staging, sink: "copy", connectTimeout: .seconds(2), timeout: .seconds(2))
        let failure = #expect(throws: PostgresFailure.self) {
            try full.lend([1]) { _ throws(PostgresFailure) in Issue.record("it was lent") }
        }
        #expect(failure?.kind == .permission)
    }

    @Test("What fails while it runs loses nothing, and goes on by itself: keys that end, a role that may not read")
    func recovery() async throws {
        let holder = KeyHolder(EmulatorKeys(id: "AKIANOBODY", secret: "over"))
        var settings = fixture.settings()
        settings.staging = fixture.staging(at: bucket.url) { holder.variable($0) }
        let sink = RedshiftSink(settings, renderer: SampleEvents.renderer)
        let maker = BatchMaker()
        for id in 1...9 { maker.add(.create, orders, "{\"id\":\(id),\"name\":\"n\"}", key: "{\"id\":\(id)}") }
        let batch = maker.seal()
        let stranger = RedshiftSink(
            {
                var settings = fixture.settings()
                settings.staging = fixture.staging(
                    at: bucket.url, bucket.keys, role: .named("arn:aws:iam::123456789012:role/stranger"))
                return settings
            }(), renderer: SampleEvents.renderer)
        _ = try await stranger.open()
        let denied = try #require(await stranger.write([BatchSlice(batch)]).failure)
        #expect(denied.code == .unauthorized && denied.message.contains("by the role of iamRole"), "\(denied)")
        await stranger.close()
        // Without having been opened, as after a failed opening.
        let over = try #require(await sink.write([BatchSlice(batch)]).failure)
        #expect(over.code == .unauthorized && over.message.contains("not known there"), "\(over)")
        holder.set(bucket.keys)
        #expect(try bucket.objects().isEmpty)
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(try server.sql("SELECT COUNT(*) FROM orders") == "9")
        await sink.close()
    }
}

/// Keys that a test exchanges.
private final class KeyHolder: Sendable {
    private let keys: Mutex<EmulatorKeys>
    init(_ keys: EmulatorKeys) { self.keys = Mutex(keys) }
    func set(_ keys: EmulatorKeys) { self.keys.withLock { $0 = keys } }
    func variable(_ name: String) -> String? {
        keys.withLock { ["AWS_ACCESS_KEY_ID": $0.id, "AWS_SECRET_ACCESS_KEY": $0.secret][name] }
    }
}
