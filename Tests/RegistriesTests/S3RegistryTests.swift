import CoreIngest
import HTTPClient
import SinkTesting
import TestServers
import Testing

@testable import Registries

extension AWSCredentials {
    init(_ keys: EmulatorKeys) { self.init(accessKeyID: keys.id, secretAccessKey: keys.secret) }
}

@Suite("Schemas in a bucket of S3", .serialized, .timeLimit(.minutes(3)))
struct S3RegistryTests {
    private func registry(
        _ port: Int, bucket: String = "schemas", prefix: String = "", credentials: AWSCredentials
    ) -> BucketRegistry {
        let client = directClient()
        let source = AWSCredentialSource(
            given: credentials, environment: AWSEnvironment(region: "us-east-1", client: client, variable: { _ in nil })
        )
        let settings = S3Settings(bucket: bucket, region: "us-east-1", endpoint: "http://127.0.0.1:\(port)")
        return BucketRegistry(S3Store(settings, credentials: source, client: client), prefix: prefix)
    }

    private static let stubbed = AWSCredentials(accessKeyID: "id", secretAccessKey: "s3cret-key")

    @Test(
        "moto passes the conformance suite below a prefix",
        .enabled(if: Emulators.areInstalled, "skipped: no emulators; run scripts/install.sh test"))
    func conformance() throws {
        let moto = try MotoServer(buckets: ["schemas"], checksSignatures: false)
        let registry = registry(moto.port, prefix: "iglu/schemas", credentials: AWSCredentials(moto.keys))
        for failure in try RegistryConformance.failures(registry) { Issue.record("\(failure)") }
    }

    @Test(
        "A server that checks signatures and permissions (moto) takes and gives; every refusal says what to do",
        .enabled(if: Emulators.areInstalled, "skipped: no emulators; run scripts/install.sh test"))
    func moto() throws {
        let moto = try MotoServer(buckets: ["schemas"])
        let registry = registry(moto.port, prefix: "iglu/schemas", credentials: AWSCredentials(moto.keys))
        let name = try schemaName("iglu:com.acme/event/jsonschema/1-0-0")
        let text = Array(#"{"type":"object"}"#.utf8)
        #expect(try registry.text(of: name) == nil)
        try registry.publish(text, as: name)
        try registry.publish(text, as: name)
        #expect(
            #expect(throws: SchemaError.self) { try registry.publish(Array("{}".utf8), as: name) }?.code == .conflict)
        // The second question has the object's tag with it.
        for _ in 0..<2 { #expect(try registry.text(of: name) == text) }

        func message(_ bucket: String, _ id: String, _ secret: String) -> String {
            let other = self.registry(
                moto.port, bucket: bucket, credentials: AWSCredentials(accessKeyID: id, secretAccessKey: secret))
            let error = #expect(throws: SchemaError.self) { try other.text(of: name) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("\n") == false && error?.message.contains(secret) == false)
            return error?.message ?? ""
        }
        #expect(message("schemas", moto.keys.id, "wrong-secret").contains("SignatureDoesNotMatch: the secret access"))
        #expect(message("schemas", "AKIANOBODY", "wrong-secret").contains("the access key is not known there"))
        #expect(message("schemas", moto.powerless.id, moto.powerless.secret).contains("lack a permission: s3:ListBu"))
        #expect(message("none", moto.keys.id, moto.keys.secret).contains("NoSuchBucket: there is no such bucket"))
        let powerless = self.registry(moto.port, credentials: AWSCredentials(moto.powerless))
        #expect(#expect(throws: SchemaError.self) { try powerless.publish(text, as: name) }?.code == .unavailable)
    }

    @Test(
        "Of two that publish other texts under one name at once, one is told of the conflict, and the first text stays",
        .enabled(if: Emulators.areInstalled, "skipped: no emulators; run scripts/install.sh test"))
    func race() throws {
        let moto = try MotoServer(buckets: ["schemas"])
        let signer = AWSCredentialSource(
            given: AWSCredentials(moto.keys),
            environment: AWSEnvironment(region: "us-east-1", client: directClient(), variable: { _ in nil }))
        let store = S3Store(
            S3Settings(bucket: "schemas", region: "us-east-1", endpoint: "http://127.0.0.1:\(moto.port)"),
            credentials: signer, client: directClient())
        // What publishing does after it has found nothing.
        #expect(try store.put(Array("1".utf8), "a"))
        #expect(try !store.put(Array("2".utf8), "a"))
        guard case .text(let text, _) = try store.get("a", unless: nil) else {
            Issue.record("nothing is there")
            return
        }
        #expect(text == Array("1".utf8))
    }

    @Test(
        "Keys that need escaping are signed as a strict server (nanio) wants them",
        .enabled(if: Emulators.areInstalled, "skipped: no emulators; run scripts/install.sh test"))
    func nanio() throws {
        let nanio = try NanioServer(buckets: ["schemas"])
        let registry = registry(
            nanio.port, prefix: "dir x/é+~=?#/schemas", credentials: AWSCredentials(nanio.keys))
        for failure in try RegistryConformance.failures(registry) { Issue.record("\(failure)") }
        let wrong = self.registry(
            nanio.port, prefix: "a b", credentials: AWSCredentials(accessKeyID: nanio.keys.id, secretAccessKey: "x"))
        let error = #expect(throws: SchemaError.self) { try wrong.names(most: 1) }
        #expect(error?.message.contains("SignatureDoesNotMatch") == true)
    }

    @Test("Lists that come in parts are read to their end; one that never ends is an error")
    func pages() throws {
        let server = try StubHTTPServer { request in
            if request.query["prefix"] == "endless%2F" {
                return .text(200, "<Contents><Key>x</Key></Contents><NextContinuationToken>x</NextContinuationToken>")
            }
            return request.query["continuation-token"] == nil
                ? .text(
                    200,
                    "<Contents><Key>a/b/jsonschema/1-0-0</Key></Contents><NextContinuationToken>x/y=</NextContinuationToken>"
                )
                : .text(
                    200, "<Contents><Key>a/b/jsonschema/1-0-1</Key></Contents><Contents><Key>a&amp;b</Key></Contents>")
        }
        let whole = registry(server.port, credentials: Self.stubbed)
        #expect(try whole.versions(vendor: "a", name: "b").map(\.description) == ["1-0-0", "1-0-1"])
        #expect(server.requests.last?.query["continuation-token"] == "x%2Fy%3D")
        #expect(try whole.names(most: 9)?.count == 2)
        #expect(try whole.versions(vendor: "..", name: "b").isEmpty)
        let before = server.requests.count
        let endless = #expect(throws: SchemaError.self) {
            try registry(server.port, prefix: "endless", credentials: Self.stubbed).names(most: 1)
        }
        #expect(endless?.code == .tooLarge)
        #expect(server.requests.count - before == 1000)
    }

    @Test(
        "What a server refuses is one line that says what to do",
        arguments: [
            (403, "RequestTimeTooSkewed", "", "the clock of this machine is too far from the server's"),
            (301, "PermanentRedirect", "", "the bucket is in another region; set 'region'"),
            (
                400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>",
                "in the region eu-west-1; set 'region'"
            ),
            (400, "ExpiredToken", "", "the temporary credentials are over"), (503, "SlowDown", "", "is asked again"),
            (403, "Odd\nCode", "", "check the credentials"), (200, "", "", "what cannot be it"),
        ] as [(Int, String, String, String)])
    func refusals(status: Int, code: String, more: String, expected: String) throws {
        let server = try StubHTTPServer { _ in
            .text(status, "<?xml version=\"1.0\"?><Error><Code>\(code)</Code>\(more)</Error>")
        }
        let error = #expect(throws: SchemaError.self) {
            try registry(server.port, credentials: Self.stubbed).text(of: schemaName("a/b/v1.0"))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
        #expect(server.requests.count == 1)
    }

    @Test("An object of 5 MB is refused without being read to its end, and one that is larger is not published")
    func large() throws {
        let server = try StubHTTPServer { request in
            request.method == "PUT"
                ? .text(200, "") : .answer(200, body: [UInt8](repeating: 0x20, count: 5 << 20))
        }
        let registry = registry(server.port, credentials: Self.stubbed)
        let name = try schemaName("a/b/v1.0")
        #expect(#expect(throws: SchemaError.self) { try registry.text(of: name) }?.code == .tooLarge)
        let text = [UInt8](repeating: 0x20, count: 5 << 20) + Array("{}".utf8)
        #expect(#expect(throws: SchemaError.self) { try registry.publish(text, as: name) }?.code == .tooLarge)
        #expect(server.requests.count == 1)
    }

    @Test(
        "A bucket is addressed by host at Amazon and by path elsewhere, unless it is said",
        arguments: [
            (S3Settings(bucket: "schemas", region: "eu-west-1"), "https://schemas.s3.eu-west-1.amazonaws.com"),
            (S3Settings(bucket: "my.schemas", region: "us-east-1"), "https://s3.us-east-1.amazonaws.com/my.schemas"),
            (S3Settings(bucket: "s-1", region: "cn-north-1"), "https://s-1.s3.cn-north-1.amazonaws.com.cn"),
            (S3Settings(bucket: "s-1", region: "x", endpoint: "http://minio:9000/"), "http://minio:9000/s-1"),
            (
                S3Settings(bucket: "s-1", region: "x", endpoint: "http://minio:9000", addressing: .host),
                "http://s-1.minio:9000"
            ),
            (
                S3Settings(bucket: "s-1", region: "us-west-2", addressing: .path),
                "https://s3.us-west-2.amazonaws.com/s-1"
            ),
        ] as [(S3Settings, String)])
    func addressing(settings: S3Settings, url: String) {
        #expect(settings.url == url)
    }
}
