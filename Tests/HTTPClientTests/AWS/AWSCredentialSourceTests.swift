import Synchronization
import TestServers
import Testing

@testable import HTTPClient

@Suite("AWS credentials", .timeLimit(.minutes(2)))
struct AWSCredentialSourceTests {
    private static let document =
        #"{"Code":"Success","AccessKeyId":"id","SecretAccessKey":"secret","Token":"token","Expiration":"2030-01-01T00:00:00Z"}"#
    private static let found = AWSCredentials(
        accessKeyID: "id", secretAccessKey: "secret", sessionToken: "token", expires: 1_893_456_000)

    private func source(_ variables: [String: String]) -> AWSCredentialSource {
        var all = ["AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"]
        for (name, value) in variables { all[name] = value }
        let environment = all
        var settings = HTTPClient.Settings()
        settings.proxy = .none
        return AWSCredentialSource(
            given: nil,
            environment: AWSEnvironment(
                region: "us-east-1", client: HTTPClient(settings), variable: { environment[$0] }))
    }

    @Test("Given ones are used; then variables; without any the error names the places")
    func places() throws {
        let given = AWSCredentials(accessKeyID: "a", secretAccessKey: "b")
        let environment = AWSEnvironment(region: "x", client: HTTPClient(), variable: { _ in nil })
        #expect(try AWSCredentialSource(given: given, environment: environment).credentials(at: 0) == given)
        let variables = ["AWS_ACCESS_KEY_ID": "c", "AWS_SECRET_ACCESS_KEY": "d", "AWS_SESSION_TOKEN": "e"]
        #expect(
            try source(variables).credentials(at: 0)
                == AWSCredentials(accessKeyID: "c", secretAccessKey: "d", sessionToken: "e"))
        let half = #expect(throws: HTTPError.self) { try source(["AWS_ACCESS_KEY_ID": "c"]).credentials(at: 0) }
        #expect(half?.message.contains("only one of AWS_ACCESS_KEY_ID") == true)
        let none = #expect(throws: HTTPError.self) { try source([:]).credentials(at: 0) }
        #expect(none?.code == .credentials)
        #expect(none?.message.contains("set accessKeyId and secretAccessKey") == true)
    }

    @Test("The shared credentials file is read by its profile; what lacks is told")
    func profiles() throws {
        let folder = try TemporaryFolder("buzaws")
        let file = "\(folder.path)/credentials"
        try writeText(
            """
            # comment
            [default]
            aws_access_key_id = one
            aws_secret_access_key=secret = with # signs
            [ work ]\r
            AWS_ACCESS_KEY_ID=two\r
            aws_secret_access_key = other\r
            aws_session_token = token\r
            [empty]
            region = x
            """, to: file)
        let place = ["AWS_SHARED_CREDENTIALS_FILE": file]
        #expect(
            try source(place).credentials(at: 0)
                == AWSCredentials(accessKeyID: "one", secretAccessKey: "secret = with # signs"))
        #expect(
            try source(place.merging(["AWS_PROFILE": "work"]) { $1 }).credentials(at: 0)
                == AWSCredentials(accessKeyID: "two", secretAccessKey: "other", sessionToken: "token"))
        for profile in ["empty", "none"] {
            let error = #expect(throws: HTTPError.self) {
                try source(place.merging(["AWS_PROFILE": profile]) { $1 }).credentials(at: 0)
            }
            #expect(error?.message.contains("the profile '\(profile)' of \(file) has no aws_access_key_id") == true)
        }
        let missing = #expect(throws: HTTPError.self) {
            try source(["AWS_SHARED_CREDENTIALS_FILE": "\(folder.path)/none"]).credentials(at: 0)
        }
        #expect(missing?.message.contains("cannot be opened") == true)
    }

    @Test("A container's endpoint gets its token, on this machine or over https only")
    func container() throws {
        let folder = try TemporaryFolder("buzaws")
        try writeText("from-file\n", to: "\(folder.path)/token")
        let server = try StubHTTPServer { request in
            request.headers["authorization"] == "from-file" ? .json(200, Self.document) : .text(401, "")
        }
        let url = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/v2/credentials"]
        let token = ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "\(folder.path)/token"]
        #expect(try source(url.merging(token) { $1 }).credentials(at: 0) == Self.found)
        let denied = #expect(throws: HTTPError.self) { try source(url).credentials(at: 0) }
        #expect(denied?.message.contains("status 401") == true)
        let outside = #expect(throws: HTTPError.self) {
            try source(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"]).credentials(at: 0)
        }
        #expect(outside?.message.contains("neither an https address") == true)
        #expect(server.requests.count == 2)
    }

    @Test("A machine's role is asked for with a session token; a machine without one has no credentials")
    func machine() throws {
        let folder = "/latest/meta-data/iam/security-credentials/"
        let server = try StubHTTPServer { request in
            if request.method == "PUT", request.path == "/latest/api/token" {
                return request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == nil
                    ? .text(400, "") : .text(200, "session")
            }
            guard request.headers["x-aws-ec2-metadata-token"] == "session" else { return .text(401, "") }
            if request.path == folder { return .text(200, "role/x\n") }
            return request.path == folder + "role%2Fx" ? .json(200, Self.document) : .text(404, "")
        }
        func machine(_ url: String) -> AWSCredentialSource {
            source(["AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url])
        }
        #expect(try machine(server.url + "/").credentials(at: 0) == Self.found)
        let nobody = try StubHTTPServer { _ in .text(404, "") }
        let none = #expect(throws: HTTPError.self) { try machine(nobody.url).credentials(at: 0) }
        #expect(none?.message.contains("there are no AWS credentials") == true)
        let hanging = try StubHTTPServer { _ in .silence }
        #expect(throws: HTTPError.self) { try machine(hanging.url).credentials(at: 0) }
    }

    @Test("A web identity becomes a role's credentials; what the service refuses is told without the token")
    func webIdentity() throws {
        let folder = try TemporaryFolder("buzaws")
        try writeText("identity.token", to: "\(folder.path)/token")
        let server = try StubHTTPServer { request in
            guard request.text.contains("WebIdentityToken=identity.token") else { return .text(400, "") }
            if request.text.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx") {
                return .text(
                    200,
                    "<R><AccessKeyId>id</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></R>"
                )
            }
            return .text(403, "<Error><Code>AccessDenied</Code><Message>identity.token</Message></Error>")
        }
        func identity(_ role: String) -> AWSCredentialSource {
            source([
                "AWS_WEB_IDENTITY_TOKEN_FILE": "\(folder.path)/token", "AWS_ROLE_ARN": role,
                "AWS_ENDPOINT_URL_STS": server.url,
            ])
        }
        #expect(try identity("arn:aws:iam::1:role/x").credentials(at: 0) == Self.found)
        let error = #expect(throws: HTTPError.self) { try identity("other").credentials(at: 0) }
        #expect(error?.message.contains("status 403, AccessDenied") == true)
        #expect(error?.message.contains("identity.token") == false)
    }

    @Test("Temporary credentials are asked for anew before their end, and used to it when that fails")
    func renewal() throws {
        let isUp = Mutex(true)
        let server = try StubHTTPServer { _ in isUp.withLock { $0 } ? .json(200, Self.document) : .text(500, "") }
        let source = source(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url])
        let end = try #require(Self.found.expires)
        for time in [0, 0, end - 301] { #expect(try source.credentials(at: time) == Self.found) }
        #expect(server.requests.count == 1)
        #expect(try source.credentials(at: end - 299) == Self.found)
        #expect(server.requests.count == 2)
        isUp.withLock { $0 = false }
        #expect(try source.credentials(at: end - 1) == Self.found)
        #expect(server.requests.count == 3)
        #expect(throws: HTTPError.self) { try source.credentials(at: end) }
        isUp.withLock { $0 = true }
        // Refused ones are forgotten.
        #expect(try source.credentials(at: 0) == Self.found)
        let before = server.requests.count
        #expect(source.forget(Self.found))
        #expect(try source.credentials(at: 0) == Self.found)
        #expect(server.requests.count == before + 1)
    }

    @Test(
        "What an endpoint answers that is no credentials is an error",
        arguments: ["", "{}", "[1]", #"{"AccessKeyId":"a","SecretAccessKey":"b"}"#, "<html>"])
    func garbage(text: String) throws {
        let server = try StubHTTPServer { _ in .json(200, text) }
        let error = #expect(throws: HTTPError.self) {
            try source(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url]).credentials(at: 0)
        }
        #expect(error?.message == "the container's endpoint answers with what are no AWS credentials")
    }
}
