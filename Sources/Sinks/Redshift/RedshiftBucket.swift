import CoreIngest
import HTTPClient
import Logging

/// Objects that live from an upload to the end of the `COPY` that reads them. Calls block, each within its time limit.
final class RedshiftBucket {
    let settings: RedshiftStaging
    private let requests: S3Requests
    private let folder: String
    private let connectTimeout: Duration
    private let timeout: Duration
    private let place: String
    /// Why an object could not be taken away, the first time; later ones are not told.
    private(set) var leftover: String?

    /// `timeout`: of one request with all its bytes.
    init(_ settings: RedshiftStaging, sink: String, connectTimeout: Duration, timeout: Duration) {
        self.settings = settings
        place = "redshift sink \(sink)"
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        requests = S3Requests(settings.bucket, credentials: settings.credentials, client: settings.client)
        folder = settings.prefix.isEmpty ? "\(sink)/" : "\(settings.prefix)/\(sink)/"
    }

    /// Tries whether objects can be put and taken away.
    func probe() throws(PostgresFailure) {
        try put(Array("buz-cdc".utf8), "\(folder)probe")
        try delete("\(folder)probe")
    }

    /// Puts an object under a name that nothing else has, calls `use` with its key, and takes it away, whatever came of that.
    func lend(_ bytes: [UInt8], _ use: (String) throws(PostgresFailure) -> Void) throws(PostgresFailure) {
        // Keys are prefixes to COPY: none may begin with another one.
        let key = "\(folder)\(Self.random())\(Self.random()).csv.gz"
        try put(bytes, key)
        let result = Result { () throws(PostgresFailure) in try use(key) }
        // Nothing depends on it: what stays costs storage until the bucket's lifecycle rule takes it.
        do throws(PostgresFailure) { try delete(key) } catch {
            guard leftover == nil else { return try result.get() }
            leftover = error.message
            Logger(label: "buz-cdc").warning(
                "\(place): an object stays behind, \(key): \(error.message); the bucket's lifecycle rule takes such away"
            )
        }
        try result.get()
    }

    /// Digits that nobody can foretell.
    static func random() -> String {
        var system = SystemRandomNumberGenerator()
        let digits = String(UInt64.random(in: 0 ... .max, using: &system), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func put(_ bytes: [UInt8], _ key: String) throws(PostgresFailure) {
        try ask(.put, key, headers: ["Content-Type": "application/octet-stream"], body: bytes, within: timeout)
    }

    private func delete(_ key: String) throws(PostgresFailure) {
        try ask(.delete, key, within: min(timeout, .seconds(20)))
    }

    private func ask(
        _ method: HTTPMethod, _ key: String, headers: HTTPHeaders = [:], body: [UInt8] = [], within timeout: Duration
    ) throws(PostgresFailure) {
        var limits = HTTPLimits()
        limits.connect = min(connectTimeout, timeout)
        limits.total = timeout
        limits.responseBytes = 64 << 10
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try requests.send(
                method, "/\(FormText.path(key))", headers: headers, body: body, limits: limits)
        } catch {
            throw failure(error)
        }
        // 404: it is gone already. Of a bucket that is missing a body tells.
        if 200..<300 ~= response.status { return }
        let failure = S3Failure(response)
        if method == .delete, response.status == 404, failure.code != "NoSuchBucket" { return }
        throw PostgresFailure(
            Self.kind(failure),
            "\(settings.bucket) \(failure.message(permissions: "s3:PutObject and s3:DeleteObject"))")
    }

    private func failure(_ error: HTTPError) -> PostgresFailure {
        let words = "\(settings.bucket) cannot be asked: \(error.message)"
        switch error.code {
        case .credentials: return PostgresFailure(.permission, words)
        case .badRequest, .redirected: return PostgresFailure(.misconfigured, words)
        default: return PostgresFailure(.transient, words)
        }
    }

    private static func kind(_ failure: S3Failure) -> PostgresFailure.Kind {
        switch failure.code {
        case "SlowDown", "RequestTimeout", "OperationAborted", "ServiceUnavailable", "InternalError": return .transient
        case "RequestTimeTooSkewed": return .misconfigured
        case "SignatureDoesNotMatch": return .permission
        default: break
        }
        switch failure.status {
        case _ where failure.isOfCredentials: return .permission
        case 401, 403: return .permission
        case 408, 429, 500...: return .transient
        default: return .misconfigured
        }
    }

    // MARK: COPY

    /// The statement that appends an object's rows to a table. All that is not from the configuration is of digits and letters, and that
    /// was checked: ``RedshiftStaging``. `null`: the field that stands for NULL.
    func copy(_ table: String, _ key: String, null: String) -> String {
        let role =
            switch settings.role {
            case .usual: "default"
            case .named(let arn): "'\(arn)'"
            }
        return """
            COPY \(table) FROM 's3://\(settings.bucket.bucket)/\(key)' IAM_ROLE \(role) REGION '\(settings.bucket.region)' FORMAT AS CSV GZIP \
            NULL AS '\(null)' DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF STATUPDATE OFF
            """
    }

    /// What a `COPY` that failed says of the bucket and of rows, in one line without the server's own words about rows.
    func translated(_ failure: PostgresFailure) -> PostgresFailure {
        guard failure.kind != .connectionLost, failure.kind != .transient else { return failure }
        let words = failure.message.lowercased()
        func has(_ some: String...) -> Bool { some.contains { words.contains($0) } }
        let role = "COPY cannot read \(settings.bucket) by the role of iamRole (SQLSTATE \(failure.sqlState))"
        // Serverless workgroups name the other view.
        if has("stl_load_errors", "sys_load_error_detail") {
            return PostgresFailure(
                .data, "COPY refuses a row (SQLSTATE \(failure.sqlState))", sqlState: failure.sqlState)
        }
        if has("slowdown", "status 500", "status 503", "could not connect", "timed out", "nosuchkey") || has("prefix") {
            return PostgresFailure(
                .transient, "COPY could not read \(settings.bucket) (SQLSTATE \(failure.sqlState)); it is tried again")
        }
        if has("nosuchbucket", "permanentredirect", "status 301", "specified endpoint", "region") {
            return PostgresFailure(
                .misconfigured,
                "COPY does not find \(settings.bucket) (SQLSTATE \(failure.sqlState)); check 'staging' and 'region'")
        }
        if has("accessdenied", "access denied", "status 403", "authorized", "iam role") {
            return PostgresFailure(.permission, "\(role); check its trust policy and its permissions")
        }
        return failure
    }
}
