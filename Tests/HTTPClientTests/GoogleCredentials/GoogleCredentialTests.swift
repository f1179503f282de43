import Synchronization
import TestServers
import Testing

@testable import HTTPClient

/// The servers of tokens are stubs that check what they are asked; what they answer has the form of Google's documented answers.
@Suite("Google credentials", .timeLimit(.minutes(2)))
struct GoogleCredentialTests {
    static let scope = "https://www.googleapis.com/auth/bigquery"
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("buz-google")
    }

    /// The wall clock of these tests: 2026-11-21 08:00:00 UTC.
    static let now = 1_795_248_000

    final class TestTime: Sendable {
        private let state = Mutex(Duration.zero)
        private let begin = ContinuousClock.now
        var instant: ContinuousClock.Instant { begin + state.withLock { $0 } }
        func pass(_ seconds: Int) { state.withLock { $0 += .seconds(seconds) } }
    }

    func environment(_ variables: [String: String] = [:]) -> GoogleEnvironment {
        GoogleEnvironment(now: { Self.now }) { variables[$0] }
    }

    func credentials(
        _ source: GoogleCredentialSource, _ variables: [String: String] = [:], time: TestTime = TestTime()
    ) -> GoogleCredentials {
        GoogleCredentials(
            source, scope: Self.scope, client: HTTPClientTests.client(), environment: environment(variables),
            clock: { time.instant })
    }

    func error(_ body: () throws(GoogleCredentialError) -> Void) -> GoogleCredentialError? {
        do throws(GoogleCredentialError) { try body() } catch { return error }
        return nil
    }

    func serviceAccount(_ url: String) throws -> String {
        let key = try ChildProcess.run(["openssl", "genrsa", "2048"], folder: folder)
        try writeText(key, to: "\(folder.path)/key.pem")
        let pem = key.split(separator: "\n").joined(separator: "\\n")
        return """
            {"type": "service_account", "project_id": "shop", "private_key_id": "k1", "private_key": "\(pem)\\n",
             "client_email": "buz@shop.iam.gserviceaccount.com", "token_uri": "\(url)/token"}
            """
    }

    static func token(_ text: String, lives seconds: Int = 3600) -> StubHTTPReply {
        .json(200, #"{"access_token":"\#(text)","expires_in":\#(seconds),"token_type":"Bearer"}"#)
    }

    @Test("A service account's key signs who it is, for what, for whom and for an hour")
    func serviceAccount() throws {
        let server = try StubHTTPServer { _ in Self.token("t1") }
        let text = try serviceAccount(server.url)
        let credentials = credentials(.text(text))
        #expect(try credentials.token() == "t1")
        #expect(try credentials.project() == "shop")
        #expect(try credentials.subject() == "service account buz@shop.iam.gserviceaccount.com")
        let request = try #require(server.requests.first)
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
        let form = Self.fields(request.text)
        #expect(form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer")
        let parts = try #require(form["assertion"]).split(separator: ".").map(String.init)
        #expect(parts.count == 3)
        func decoded(_ part: String) throws -> String {
            let base = part.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
            let padded = String(base) + String(repeating: "=", count: (4 - part.utf8.count % 4) % 4)
            try writeText(padded + "\n", to: "\(folder.path)/part")
            return try ChildProcess.run(
                ["openssl", "base64", "-d", "-A", "-in", "\(folder.path)/part", "-out", "\(folder.path)/decoded"],
                folder: folder) + (try ChildProcess.run(["cat", "\(folder.path)/decoded"], folder: folder))
        }
        #expect(try decoded(parts[0]) == #"{"alg":"RS256","typ":"JWT","kid":"k1"}"#)
        #expect(
            try decoded(parts[1])
                == #"{"iss":"buz@shop.iam.gserviceaccount.com","scope":"\#(Self.scope)","aud":"\#(server.url)/token","iat":\#(Self.now),"exp":\#(Self.now + 3600)}"#
        )
    }

    static func fields(_ form: String) -> [String: String] {
        var out: [String: String] = [:]
        for pair in form.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            out[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return out
    }

    @Test("A token is renewed before its end, used to its end while renewing fails, and asked for anew when refused")
    func keeps() throws {
        let count = Atomic(0)
        let fails = Atomic(false)
        let server = try StubHTTPServer { _ in
            if fails.load(ordering: .acquiring) { return .text(503, "busy") }
            return Self.token("t\(count.add(1, ordering: .relaxed).newValue)", lives: 1000)
        }
        let time = TestTime()
        let credentials = credentials(.text(try serviceAccount(server.url)), time: time)
        #expect(try credentials.token() == "t1")
        time.pass(799)
        #expect(try credentials.token() == "t1")
        time.pass(1)
        #expect(try credentials.token() == "t2")
        credentials.discard()
        #expect(try credentials.token() == "t3")
        fails.store(true, ordering: .releasing)
        time.pass(900)
        let asked = server.requests.count
        for _ in 1...5 { #expect(try credentials.token() == "t3") }
        #expect(server.requests.count == asked + 1, "a failed renewal is not tried at every request")
        time.pass(96)
        #expect(error { () throws(GoogleCredentialError) in _ = try credentials.token() }?.code == .unavailable)
        fails.store(false, ordering: .releasing)
        #expect(try credentials.token() == "t4")
    }

    @Test("Many threads that need a token ask once")
    func singleFlight() async throws {
        let server = try StubHTTPServer { _ in Self.token("one") }
        let credentials = credentials(.text(try serviceAccount(server.url)))
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<8 { group.addTask { try? credentials.token() } }
            for await token in group { #expect(token == "one") }
        }
        #expect(server.requests.count == 1)
    }

    @Test("What answers in place of the metadata server is not believed")
    func falseMetadata() throws {
        let server = try StubHTTPServer { _ in Self.token("captive portal") }
        let error = error { () throws(GoogleCredentialError) in
            _ = try credentials(.metadataServer, ["GCE_METADATA_HOST": "127.0.0.1:\(server.port)"]).token()
        }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("metadata") == true)
    }

    @Test(
        "A workload's token, from a file or an address, is exchanged, and a service account impersonated where the file says so",
        arguments: [(false, false), (false, true), (true, false), (true, true)])
    func federation(fromURL: Bool, impersonates: Bool) throws {
        let server = try StubHTTPServer { request in
            switch request.path {
            case "/subject":
                return request.headers["x-who"] == "me" ? .json(200, #"{"id":"subject+1"}"#) : .text(403, "")
            case "/sts":
                let form = Self.fields(request.text)
                guard form["subject_token"] == "subject%2B1", form["audience"] == "aud",
                    form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
                    form["subject_token_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
                else { return .json(400, #"{"error":"invalid_request"}"#) }
                let isWide = form["scope"]?.hasSuffix("cloud-platform") == true
                return Self.token(isWide ? "wide" : "narrow")
            case "/impersonate":
                guard request.headers["authorization"] == "Bearer wide", request.text.contains(#""lifetime":"900s""#),
                    request.text.contains(#""scope":["\#(Self.scope)"]"#)
                else { return .json(403, #"{"error":{"code":403,"message":"Permission denied"}}"#) }
                return .json(200, #"{"accessToken":"as the account","expireTime":"2026-11-21T08:15:00Z"}"#)
            default: return .text(404, "")
            }
        }
        try writeText("subject+1\n", to: "\(folder.path)/subject")
        let place =
            fromURL
            ? #"{"url":"\#(server.url)/subject","headers":{"X-Who":"me"},"format":{"type":"json","subject_token_field_name":"id"}}"#
            : #"{"file":"\#(folder.path)/subject"}"#
        let account =
            impersonates
            ? #""service_account_impersonation_url":"\#(server.url)/impersonate","service_account_impersonation":{"token_lifetime_seconds":900},"#
            : ""
        let text = """
            {"type":"external_account","audience":"aud","subject_token_type":"urn:ietf:params:oauth:token-type:jwt",\(account)
             "token_url":"\(server.url)/sts","credential_source":\(place)}
            """
        #expect(try credentials(.text(text)).token() == (impersonates ? "as the account" : "narrow"))
    }

    @Test(
        "A refusal says what to do, and whose clock is wrong",
        arguments: [
            (#"{"error":"invalid_grant","error_description":"Invalid JWT: iat and exp"}"#, 400, 3600, "3600 s ahead"),
            (#"{"error":"invalid_grant","error_description":"Invalid JWT: iat and exp"}"#, 400, -600, "600 s behind"),
            (#"{"error":"invalid_grant","error_description":"account not found"}"#, 400, 0, "make a new key"),
            (#"{"error":"unauthorized_client"}"#, 401, 0, "unauthorized_client"), ("<html>", 403, 0, "status 403"),
        ])
    func refusals(body: String, status: Int, ahead: Int, says: String) throws {
        let date = ["Date": Self.date(Self.now - ahead)]
        let server = try StubHTTPServer { _ in .text(status, body, date) }
        let text = try serviceAccount(server.url)
        let error = error { () throws(GoogleCredentialError) in _ = try credentials(.text(text)).token() }
        #expect(error?.code == .refused)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("PRIVATE KEY") == false)
        #expect(error?.message.contains("\n") == false)
    }

    static func date(_ seconds: Int) -> String {
        let rest = seconds - 1_795_219_200
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "Sat, 21 Nov 2026 \(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }

    @Test("A server of tokens that is silent, busy or gone is no refusal, and is not waited for without end")
    func unavailable() throws {
        let server = try StubHTTPServer { _ in .text(500, "oops") }
        let text = try serviceAccount(server.url)
        #expect(
            error { () throws(GoogleCredentialError) in _ = try credentials(.text(text)).token() }?.code == .unavailable
        )
        server.stop()
        #expect(
            error { () throws(GoogleCredentialError) in _ = try credentials(.text(text)).token() }?.code == .unavailable
        )
        let silent = try StubHTTPServer { _ in .silence }
        let stopped = HTTPCancellation()
        stopped.cancel()
        let hanging = credentials(.text(try serviceAccount(silent.url)))
        #expect(
            error { () throws(GoogleCredentialError) in _ = try hanging.token(stopped) }?.code == .cancelled)
    }

    @Test(
        "Dates of answers are read",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Sat, 21 Nov 2026 08:00:00 GMT", 1_795_248_000),
        ])
    func dates(text: String, seconds: Int) {
        #expect(HTTPDate.seconds(text) == seconds)
    }

    @Test(
        "What is no date of an answer is none",
        arguments: [
            "", "now", "Sun, 32 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 8:49 GMT",
            "Sun, 06 Nov -994 08:49:37 GMT",
        ])
    func noDates(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }
}
