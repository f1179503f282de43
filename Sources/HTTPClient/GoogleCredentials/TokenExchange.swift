import CoreIngest

/// Asks servers for tokens. Source: RFC 6749 section 6 (refresh), RFC 7523 (JWT), RFC 8693 (exchange), AIP-4112 to 4117.
struct TokenExchange {
    let client: HTTPClient
    let cancellation: HTTPCancellation?
    let environment: GoogleEnvironment
    let scope: String

    struct Token: Sendable, Equatable {
        var text: String
        /// Seconds that it lives from now on.
        var lifetime: Int
    }

    /// Every wait ends, as a lane's thread stands behind it.
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.connect = .seconds(5)
        limits.total = .seconds(20)
        limits.responseBytes = 256 << 10
        return limits
    }()

    private static let everything = "https://www.googleapis.com/auth/cloud-platform"

    func send(_ request: HTTPRequest, body: [UInt8], of what: String) throws(GoogleCredentialError) -> HTTPResponse {
        var request = request
        request.limits = Self.limits
        do throws(HTTPError) { return try client.send(request, body: body, cancellation: cancellation) } catch {
            throw GoogleCredentialError(error, of: what)
        }
    }

    func token(of file: GoogleCredentialFile) throws(GoogleCredentialError) -> Token {
        try token(of: file, scope: scope)
    }

    private func token(of file: GoogleCredentialFile, scope: String) throws(GoogleCredentialError) -> Token {
        switch file {
        case .serviceAccount(let account): return try token(of: account, scope: scope)
        case .authorizedUser(let user):
            // The scope is the one that was granted at the login.
            return try ask(
                user.tokenURL,
                [
                    ("grant_type", "refresh_token"), ("client_id", user.clientID),
                    ("client_secret", user.clientSecret), ("refresh_token", user.refreshToken),
                ], of: file.subject)
        case .externalAccount(let account): return try token(of: account, scope: scope)
        case .impersonated(let source, let impersonation):
            return try impersonate(impersonation, by: try token(of: source, scope: Self.everything), scope: scope)
        }
    }

    private func token(of account: GoogleCredentialFile.ServiceAccount, scope: String) throws(GoogleCredentialError)
        -> Token
    {
        let now = environment.now()
        let assertion = JSONWebToken(
            keyID: account.keyID,
            claims: [
                ("iss", .text(account.email)), ("scope", .text(scope)), ("aud", .text(account.tokenURL)),
                ("iat", .time(now)), ("exp", .time(now + 3600)),
            ])
        let signed: String
        do throws(SigningError) { signed = try assertion.signed(by: account.key) } catch {
            throw GoogleCredentialError(.misconfigured, error.message)
        }
        return try ask(
            account.tokenURL,
            [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", signed)],
            of: "service account \(OneLine.of(account.email, most: 120))")
    }

    private func token(of account: GoogleCredentialFile.ExternalAccount, scope: String) throws(GoogleCredentialError)
        -> Token
    {
        let subject = try account.subject.read(self)
        var headers: HTTPHeaders = [:]
        if let client = account.client {
            headers["Authorization"] =
                "Basic " + Base64.text(Array("\(FormText.escaped(client.id)):\(FormText.escaped(client.secret))".utf8))
        }
        let federated = try ask(
            account.tokenURL,
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("audience", account.audience),
                ("scope", account.impersonation == nil ? scope : Self.everything),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("subject_token", subject), ("subject_token_type", account.subjectTokenType),
            ], headers: headers, of: "workload identity federation")
        guard let impersonation = account.impersonation else { return federated }
        return try impersonate(impersonation, by: federated, scope: scope)
    }

    private func impersonate(
        _ impersonation: GoogleCredentialFile.Impersonation, by token: Token, scope: String
    ) throws(GoogleCredentialError) -> Token {
        var body = ByteArena(capacity: 256)
        body.append("{\"scope\":[")
        body.appendJSONString(text: scope)
        body.append("],\"delegates\":[")
        for (index, delegate) in impersonation.delegates.enumerated() {
            if index > 0 { body.append(",") }
            body.appendJSONString(text: delegate)
        }
        body.append("],\"lifetime\":\"")
        body.append(decimal: Int64(impersonation.lifetime))
        body.append("s\"}")
        let request = HTTPRequest(
            .post, impersonation.url,
            headers: ["Authorization": "Bearer \(token.text)", "Content-Type": "application/json"])
        let what = "impersonation of a service account"
        let response = try send(request, body: Array(body.bytes), of: what)
        let answer = TokenAnswer(response.body)
        guard response.isSuccess else {
            let words = OneLine.of(answer?.errorMessage ?? "no reason given", most: 300)
            throw TokenRefusal(response, code: nil, words: words, of: what, environment).error(
                advice: "grant the role Service Account Token Creator on it")
        }
        guard let text = answer?.text("accessToken"), !text.isEmpty else { throw Self.noToken(what) }
        return Token(text: text, lifetime: impersonation.lifetime)
    }

    /// From the metadata server: https://cloud.google.com/compute/docs/access/authenticate-workloads
    func metadataToken() throws(GoogleCredentialError) -> Token {
        let path = "/computeMetadata/v1/instance/service-accounts/default/token?scopes=\(FormText.escaped(scope))"
        let what = "the metadata server"
        let response = try send(
            HTTPRequest(.get, environment.metadataServer + path, headers: ["Metadata-Flavor": "Google"]), body: [],
            of: what)
        guard response.headers["Metadata-Flavor"] == "Google" else {
            throw GoogleCredentialError(
                .misconfigured,
                "what answers at \(environment.metadataServer) is not Google's metadata server; name a file of credentials"
            )
        }
        return try token(in: response, of: what)
    }

    private func ask(
        _ url: String, _ fields: [(String, String)], headers: HTTPHeaders = [:], of what: String
    ) throws(GoogleCredentialError) -> Token {
        var request = HTTPRequest(.post, url, headers: headers)
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        return try token(in: try send(request, body: FormText.body(fields), of: what), of: what)
    }

    private func token(in response: HTTPResponse, of what: String) throws(GoogleCredentialError) -> Token {
        let answer = TokenAnswer(response.body)
        guard response.isSuccess else {
            // RFC 6749 section 5.2. The description is Google's own and names no secrets.
            let code = answer?.text("error")
            let words = OneLine.of(answer?.text("error_description") ?? answer?.errorMessage ?? "", most: 300)
            throw TokenRefusal(response, code: code, words: words, of: what, environment).error(advice: nil)
        }
        guard let text = answer?.text("access_token"), !text.isEmpty else { throw Self.noToken(what) }
        return Token(text: text, lifetime: max(0, answer?.integer("expires_in") ?? 3600))
    }

    private static func noToken(_ what: String) -> GoogleCredentialError {
        GoogleCredentialError(.unavailable, "\(what): the answer holds no access token")
    }
}
