import CoreIngest
import Synchronization

/// Tokens for Google's APIs: kept, and renewed before they expire. Any thread; one asks at a time while the others wait for its answer.
///
/// A token is renewed when less than a fifth of its life, or five minutes, is left; while that fails, the old one is used to its end.
/// Files are read again at each renewal, so a new key takes effect without a restart.
package final class GoogleCredentials: Sendable {
    private struct Kept {
        var token: String
        var renewal: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        var failedUntil: ContinuousClock.Instant?
    }

    private enum Found {
        case anonymous
        case metadataServer
        case file(GoogleCredentialFile)
    }

    private let source: GoogleCredentialSource
    private let scope: String
    private let client: HTTPClient
    private let environment: GoogleEnvironment
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let kept = Mutex<Kept?>(nil)
    /// Held while somebody asks.
    private let asking = Mutex(())

    /// A renewal that failed, with a token that still lives, is not tried again before this.
    private static let pause: Duration = .seconds(10)
    /// A token that lives shorter is not worth sending: it would expire on the way.
    private static let least: Duration = .seconds(5)

    /// `scope`: what the token is for, as `https://www.googleapis.com/auth/bigquery`.
    package init(
        _ source: GoogleCredentialSource, scope: String, client: HTTPClient, environment: GoogleEnvironment,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.source = source
        self.scope = scope
        self.client = client
        self.environment = environment
        self.clock = clock
    }

    /// The token to send; nil for anonymous access. May wait for a server, 20 s for each of at most three requests.
    package func token(_ cancellation: HTTPCancellation? = nil) throws(GoogleCredentialError) -> String? {
        if source == .anonymous { return nil }
        if let good = usable(orRenewing: false) { return good }
        let result = asking.withLock { _ -> Result<String?, GoogleCredentialError> in
            // Somebody may have asked meanwhile.
            if let good = usable(orRenewing: false) { return .success(good) }
            do throws(GoogleCredentialError) { return .success(try renew(cancellation)) } catch {
                guard let old = usable(orRenewing: true) else { return .failure(error) }
                let again = clock() + Self.pause
                kept.withLock { $0?.failedUntil = again }
                return .success(old)
            }
        }
        return try result.get()
    }

    /// Adds the header that a request needs; none for anonymous access.
    package func authorize(_ headers: inout HTTPHeaders, _ cancellation: HTTPCancellation? = nil)
        throws(GoogleCredentialError)
    {
        if let token = try token(cancellation) { headers["Authorization"] = "Bearer \(token)" }
    }

    /// Forgets the token, as a server did not take it (401).
    package func discard() { kept.withLock { $0 = nil } }

    /// The project that the credentials name; nil where they name none. Reads the file.
    package func project() throws(GoogleCredentialError) -> String? {
        guard case .file(let file) = try find() else { return nil }
        return file.project
    }

    /// Whom the credentials stand for, for people. Reads the file.
    package func subject() throws(GoogleCredentialError) -> String {
        switch try find() {
        case .anonymous: "nobody (anonymous access)"
        case .metadataServer: "the machine's service account"
        case .file(let file): file.subject
        }
    }

    private func usable(orRenewing: Bool) -> String? {
        kept.withLock { kept in
            guard let kept else { return nil }
            let now = clock()
            if now < kept.renewal { return kept.token }
            guard now < kept.end - Self.least else { return nil }
            if orRenewing { return kept.token }
            return kept.failedUntil.map { now < $0 } == true ? kept.token : nil
        }
    }

    private func renew(_ cancellation: HTTPCancellation?) throws(GoogleCredentialError) -> String? {
        let exchange = TokenExchange(
            client: client, cancellation: cancellation, environment: environment, scope: scope)
        let begun = clock()
        let token: TokenExchange.Token
        switch try find() {
        case .anonymous: return nil
        case .metadataServer: token = try exchange.metadataToken()
        case .file(let file): token = try exchange.token(of: file)
        }
        let life = Duration.seconds(min(token.lifetime, 86_400))
        let fresh = Kept(
            token: token.text, renewal: begun + life - min(life / 5, .seconds(300)), end: begun + life)
        kept.withLock { $0 = fresh }
        return token.text
    }

    private func find() throws(GoogleCredentialError) -> Found {
        switch source {
        case .anonymous: return .anonymous
        case .metadataServer: return .metadataServer
        case .file(let path): return .file(try Self.read(path))
        case .text(let text): return .file(try GoogleCredentialFile(Array(text.utf8), name: "the credentials' text"))
        case .applicationDefault:
            if let path = environment.credentialsFile { return .file(try Self.read(path)) }
            if let path = environment.wellKnownFile, BoundedFile.exists(path) { return .file(try Self.read(path)) }
            return .metadataServer
        }
    }

    private static func read(_ path: String) throws(GoogleCredentialError) -> GoogleCredentialFile {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.read(path, limit: GoogleCredentialFile.mostBytes, regularOnly: true)
        } catch {
            throw GoogleCredentialError(.misconfigured, "the file of Google credentials \(path) \(error.reason)")
        }
        return try GoogleCredentialFile(bytes, name: path)
    }
}
