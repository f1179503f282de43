import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The places that AWS's tools look for credentials in, by the variables that they know. Source: AWS SDKs and Tools Reference Guide,
/// "Standardized credential providers". Profiles that take roles, and single sign-on, are not read.
package struct AWSEnvironment: Sendable {
    private let variable: @Sendable (String) -> String?
    /// With the proxy of the environment: the security token service is on the internet.
    private let client: HTTPClient
    /// Without a proxy: metadata is asked for on the machine itself.
    private let local: HTTPClient
    private let region: String

    /// `variable`: of the process's environment where it is not given. `client`: asks the security token service of `region`.
    package init(
        region: String, client: HTTPClient,
        variable: @escaping @Sendable (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) {
        self.region = region
        self.client = client
        var settings = HTTPClient.Settings()
        settings.proxy = .none
        local = HTTPClient(settings)
        self.variable = { name in variable(name).flatMap { $0.isEmpty ? nil : $0 } }
    }

    /// The region that the environment names.
    package static func region(
        _ variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> String? {
        [variable("AWS_REGION"), variable("AWS_DEFAULT_REGION")].compactMap { $0 }.first { !$0.isEmpty }
    }

    /// The first that is there.
    func credentials() throws(HTTPError) -> AWSCredentials {
        let places = [fromVariables, fromWebIdentity, fromProfile, fromContainer, fromMachine]
        for place in places { if let found = try place() { return found } }
        throw HTTPError(
            .credentials,
            "there are no AWS credentials: not in the configuration, AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, the shared credentials file, AWS_CONTAINER_CREDENTIALS_FULL_URI or the machine's role; set accessKeyId and secretAccessKey, or one of these"
        )
    }

    // MARK: Without a network

    private func fromVariables() throws(HTTPError) -> AWSCredentials? {
        switch (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        case (nil, nil): return nil
        case (let id?, let secret?):
            return AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: variable("AWS_SESSION_TOKEN"))
        case (_?, nil), (nil, _?):
            throw HTTPError(
                .credentials, "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set; set both or none")
        }
    }

    private func fromProfile() throws(HTTPError) -> AWSCredentials? {
        let file = variable("AWS_SHARED_CREDENTIALS_FILE") ?? variable("HOME").map { "\($0)/.aws/credentials" }
        let wanted = variable("AWS_PROFILE")
        guard let file else { return nil }
        let isNamed = wanted != nil || variable("AWS_SHARED_CREDENTIALS_FILE") != nil
        if !isNamed, access(file, F_OK) != 0 { return nil }
        let values = AWSProfiles.values(of: wanted ?? "default", in: try text(file))
        if let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] {
            return AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: values["aws_session_token"])
        }
        if !isNamed { return nil }
        throw HTTPError(
            .credentials,
            "the profile '\(wanted ?? "default")' of \(file) has no aws_access_key_id and aws_secret_access_key; add them, or name another in AWS_PROFILE"
        )
    }

    private func text(_ path: String) throws(HTTPError) -> String {
        do throws(BoundedFile.Failure) {
            return String(
                decoding: try BoundedFile.read(path, limit: 1 << 20, regularOnly: true), as: UTF8.self)
        } catch {
            throw HTTPError(.credentials, "\(path), which is to hold AWS credentials, \(error.reason)")
        }
    }

    /// Without white space around it.
    private func token(_ path: String) throws(HTTPError) -> String {
        try text(path).split { $0.isWhitespace }.joined()
    }

    // MARK: Temporary

    /// Of a Kubernetes service account, for one (EKS, "IAM roles for service accounts").
    private func fromWebIdentity() throws(HTTPError) -> AWSCredentials? {
        guard let file = variable("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = variable("AWS_ROLE_ARN") else {
            return nil
        }
        let form = FormText.body([
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", variable("AWS_ROLE_SESSION_NAME") ?? "buz-cdc"), ("WebIdentityToken", try token(file)),
        ])
        let url = variable("AWS_ENDPOINT_URL_STS") ?? "https://sts.\(region).\(AWSEnvironment.domain(of: region))/"
        let request = HTTPRequest(.post, url, headers: ["Content-Type": "application/x-www-form-urlencoded"])
        let answer = try ask(request, client, seconds: 5, body: form, of: "the security token service")
        func value(_ name: String) -> String? { XMLText.value(of: name, in: answer.body) }
        return try temporary(
            id: value("AccessKeyId"), secret: value("SecretAccessKey"), token: value("SessionToken"),
            expires: value("Expiration"), of: "the security token service")
    }

    /// Of a task on ECS, or a pod on EKS.
    private func fromContainer() throws(HTTPError) -> AWSCredentials? {
        let url: String
        if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            url = "http://169.254.170.2\(path)"
        } else if let full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            url = full
        } else {
            return nil
        }
        // The token must not go over a network in the clear.
        let hosts = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "[::1]", "localhost"]
        guard let origin = HTTPOrigin(url), origin.scheme == "https" || hosts.contains(origin.host) else {
            throw HTTPError(
                .credentials,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither an https address nor one of this machine or of the container's host"
            )
        }
        var headers: HTTPHeaders = [:]
        if let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            headers["Authorization"] = try token(file)
        } else {
            headers["Authorization"] = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        return try document(HTTPRequest(.get, url, headers: headers), seconds: 5, of: "the container's endpoint")
    }

    /// Of the role of a machine on EC2, by version 2 of its metadata service; version 1, which needs no token, is not asked.
    private func fromMachine() throws(HTTPError) -> AWSCredentials? {
        if variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
        var base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        if base.hasSuffix("/") { base.removeLast() }
        let place = "the machine's metadata service"
        let token: HTTPResponse
        do throws(HTTPError) {
            // Elsewhere nobody answers at this address.
            token = try ask(
                HTTPRequest(
                    .put, "\(base)/latest/api/token", headers: ["X-aws-ec2-metadata-token-ttl-seconds": "300"]),
                local, seconds: 1, of: place)
        } catch {
            return nil
        }
        let headers: HTTPHeaders = ["X-aws-ec2-metadata-token": String(decoding: token.body, as: UTF8.self)]
        let folder = "\(base)/latest/meta-data/iam/security-credentials/"
        let roles = try ask(HTTPRequest(.get, folder, headers: headers), local, seconds: 1, of: place)
        guard let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first else {
            return nil
        }
        return try document(
            HTTPRequest(.get, folder + FormText.escaped(String(role)), headers: headers), seconds: 1, of: place)
    }

    private func document(_ request: HTTPRequest, seconds: Int, of place: String) throws(HTTPError) -> AWSCredentials {
        let answer = try ask(request, local, seconds: seconds, of: place)
        return try temporary(
            id: answer.member("AccessKeyId"), secret: answer.member("SecretAccessKey"), token: answer.member("Token"),
            expires: answer.member("Expiration"), of: place)
    }

    private func ask(
        _ request: HTTPRequest, _ client: HTTPClient, seconds: Int, body: [UInt8] = [], of place: String
    ) throws(HTTPError) -> HTTPResponse {
        var request = request
        request.limits.connect = .seconds(seconds)
        request.limits.total = .seconds(seconds)
        request.limits.responseBytes = 64 << 10
        let answer: HTTPResponse
        do throws(HTTPError) { answer = try client.send(request, body: body) } catch {
            throw HTTPError(.credentials, "\(place) gives no AWS credentials: \(error.message)")
        }
        guard answer.status == 200 else {
            let code = XMLText.value(of: "Code", in: answer.body).map { ", \(OneLine.of($0, most: 60))" } ?? ""
            throw HTTPError(
                .credentials,
                "\(place) gives no AWS credentials: it answers with status \(answer.status)\(code); check the role and who may take it"
            )
        }
        return answer
    }

    private func temporary(
        id: String?, secret: String?, token: String?, expires: String?, of place: String
    ) throws(HTTPError) -> AWSCredentials {
        guard let id, let secret, let expires = expires.flatMap({ TimeText.microseconds($0) }) else {
            throw HTTPError(.credentials, "\(place) answers with what are no AWS credentials")
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: token, expires: Int(expires / 1_000_000))
    }

    /// Of AWS's servers: China has its own.
    package static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}
