import CoreIngest

/// What a file of credentials says. The forms are those that Google's tools write; source: google.aip.dev/auth/4110 to 4117.
indirect enum GoogleCredentialFile: Sendable {
    /// A service account's own key: AIP-4112.
    case serviceAccount(ServiceAccount)
    /// A person, by a refresh token: AIP-4113.
    case authorizedUser(AuthorizedUser)
    /// Somebody whom another provider vouches for: AIP-4117.
    case externalAccount(ExternalAccount)
    /// A service account that the credentials within may act as.
    case impersonated(GoogleCredentialFile, Impersonation)

    struct ServiceAccount: Sendable {
        var email: String
        var key: RSAPrivateKey
        var keyID: String?
        var tokenURL: String
        var project: String?
    }

    struct AuthorizedUser: Sendable {
        var clientID: String
        var clientSecret: String
        var refreshToken: String
        var tokenURL: String
        var project: String?
    }

    struct ExternalAccount: Sendable {
        var audience: String
        var subjectTokenType: String
        var tokenURL: String
        var subject: SubjectToken
        /// Name and secret of an OAuth client, where the pool is one of people.
        var client: (id: String, secret: String)?
        var impersonation: Impersonation?
        var project: String?
    }

    struct Impersonation: Sendable {
        /// `https://iamcredentials…:generateAccessToken`
        var url: String
        var delegates: [String]
        /// Seconds that the token is to live.
        var lifetime: Int
    }

    /// Bytes of a file of credentials.
    static let mostBytes = 256 << 10

    /// `name` says which file in messages.
    init(_ text: [UInt8], name: String) throws(GoogleCredentialError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try text.withUnsafeBytes { bytes -> Result<JSONDocument, JSONError> in
                Result { () throws(JSONError) in try JSONDocument(bytes, limits: JSONLimits(depth: 20)) }
            }.get()
        } catch {
            throw GoogleCredentialError(.misconfigured, "\(name) is no file of Google credentials: \(error)")
        }
        try self.init(GoogleCredentialFields(document.view, 0, name: name), depth: 0)
    }

    private init(_ fields: GoogleCredentialFields, depth: Int) throws(GoogleCredentialError) {
        switch try fields.text("type") {
        case "service_account":
            let pem = try fields.text("private_key")
            let key: RSAPrivateKey
            do throws(SigningError) { key = try RSAPrivateKey(pem: Array(pem.utf8)) } catch {
                throw GoogleCredentialError(.misconfigured, "\(fields.name), private_key: \(error)")
            }
            self = .serviceAccount(
                ServiceAccount(
                    email: try fields.text("client_email"), key: key, keyID: fields.optionalText("private_key_id"),
                    tokenURL: try fields.url("token_uri", default: "https://oauth2.googleapis.com/token"),
                    project: fields.optionalText("project_id")))
        case "authorized_user":
            self = .authorizedUser(
                AuthorizedUser(
                    clientID: try fields.text("client_id"), clientSecret: try fields.text("client_secret"),
                    refreshToken: try fields.text("refresh_token"),
                    tokenURL: try fields.url("token_uri", default: "https://oauth2.googleapis.com/token"),
                    project: fields.optionalText("quota_project_id")))
        case "external_account": self = .externalAccount(try Self.externalAccount(fields))
        case "impersonated_service_account":
            guard depth < 3 else { throw fields.wrong("source_credentials", "are nested too deeply") }
            let impersonation = Impersonation(
                url: try fields.url("service_account_impersonation_url"), delegates: try fields.texts("delegates"),
                lifetime: 3600)
            self = .impersonated(
                try Self(try fields.object("source_credentials"), depth: depth + 1), impersonation)
        case let other:
            throw fields.wrong(
                "type",
                "is '\(OneLine.of(other, most: 60))'; known are service_account, authorized_user, external_account and impersonated_service_account"
            )
        }
    }

    private static func externalAccount(_ fields: GoogleCredentialFields) throws(GoogleCredentialError)
        -> ExternalAccount
    {
        var impersonation: Impersonation?
        if fields.optionalText("service_account_impersonation_url") != nil {
            let lifetime =
                fields.optionalObject("service_account_impersonation")?.optionalInteger("token_lifetime_seconds")
            impersonation = Impersonation(
                url: try fields.url("service_account_impersonation_url"), delegates: [],
                lifetime: min(43_200, max(600, lifetime ?? 3600)))
        }
        let client = fields.optionalText("client_id").map { ($0, fields.optionalText("client_secret") ?? "") }
        return ExternalAccount(
            audience: try fields.text("audience"), subjectTokenType: try fields.text("subject_token_type"),
            tokenURL: try fields.url("token_url", default: "https://sts.googleapis.com/v1/token"),
            subject: try SubjectToken(try fields.object("credential_source")), client: client,
            impersonation: impersonation, project: fields.optionalText("quota_project_id"))
    }

    /// The project that the file names.
    var project: String? {
        switch self {
        case .serviceAccount(let account): account.project
        case .authorizedUser(let user): user.project
        case .externalAccount(let account): account.project
        case .impersonated(let source, _): source.project
        }
    }

    /// Whom the credentials stand for, for people.
    var subject: String {
        switch self {
        case .serviceAccount(let account): "service account \(OneLine.of(account.email, most: 120))"
        case .authorizedUser: "a person's gcloud login"
        case .externalAccount: "workload identity federation"
        case .impersonated: "an impersonated service account"
        }
    }
}
