import CoreIngest
import HTTPClient
import Synchronization

/// Who signs in. Files are read anew whenever a token is made, so that a key or a token can be exchanged while the sink runs.
package enum SnowflakeIdentity: Sendable, Equatable {
    /// A key pair: PEM file of the private key, and its passphrase where it is encrypted.
    case keyPair(file: String, passphrase: String?)
    /// A file with an OAuth access token that something else keeps fresh.
    case oauth(file: String)
    /// A file with a programmatic access token.
    case programmatic(file: String)
}

/// What stands in the header of a request. Never printed.
struct SnowflakeToken: Sendable, CustomStringConvertible {
    var value: String
    /// The value of `X-Snowflake-Authorization-Token-Type`.
    var type: String

    var description: String { "<Snowflake token>" }
}

/// Makes and keeps the token by which the account knows us. Any thread.
final class SnowflakeCredentials: Sendable {
    private struct State {
        var token: SnowflakeToken?
        /// Seconds since the Unix epoch, by our clock, from which another token is made.
        var renewal = 0
        /// How far Snowflake's clock is ahead of ours, in seconds.
        var skew = 0
    }

    private let identity: SnowflakeIdentity
    private let account: String
    private let user: String
    private let now: @Sendable () -> Int
    private let state = Mutex(State())

    /// Snowflake takes tokens for an hour; ours ends earlier and is renewed before.
    private static let lifetime = 3000
    private static let renewedAfter = 2400
    /// Issued a little in the past, as clocks differ.
    private static let leeway = 30
    /// Tokens in files are looked at again so often.
    private static let fileRefresh = 30

    /// `account`: as in the account's address. `now`: seconds since the Unix epoch.
    init(_ identity: SnowflakeIdentity, account: String, user: String, now: @escaping @Sendable () -> Int) {
        self.identity = identity
        self.account = account
        self.user = user
        self.now = now
    }

    func token() throws(SnowflakeFailure) -> SnowflakeToken {
        let now = now()
        let (known, skew) = state.withLock { ($0.renewal > now ? $0.token : nil, $0.skew) }
        if let known { return known }
        let (token, life) = try make(at: now + skew)
        state.withLock { state in
            state.token = token
            state.renewal = now + life
        }
        return token
    }

    /// After the token was refused: forgets it, so that the next one is made of what the files hold then. `serverTime`: seconds
    /// since the Unix epoch by Snowflake's clock, of the refusal.
    func refused(serverTime: Int?) {
        let now = now()
        state.withLock { state in
            state.token = nil
            guard let serverTime else { return }
            let skew = serverTime - now
            state.skew = abs(skew) > Self.leeway ? skew : 0
        }
    }

    /// How far Snowflake's clock was found ahead of ours; 0 where it does not matter.
    var skew: Int { state.withLock { $0.skew } }

    private func make(at time: Int) throws(SnowflakeFailure) -> (SnowflakeToken, life: Int) {
        switch identity {
        case .keyPair(let file, let passphrase):
            let pem = try read(file, "privateKeyFile", most: RSAPrivateKey.mostBytes)
            do throws(SigningError) {
                let key = try RSAPrivateKey(pem: pem, passphrase: passphrase.map { Array($0.utf8) })
                return (SnowflakeToken(value: try jwt(key, at: time), type: "KEYPAIR_JWT"), Self.renewedAfter)
            } catch {
                throw SnowflakeFailure(.unauthorized, "privateKeyFile: \(error.message)")
            }
        case .oauth(let file): return (SnowflakeToken(value: try word(in: file), type: "OAUTH"), Self.fileRefresh)
        case .programmatic(let file):
            return (SnowflakeToken(value: try word(in: file), type: "PROGRAMMATIC_ACCESS_TOKEN"), Self.fileRefresh)
        }
    }

    /// Source: Snowflake, "Authenticating Snowflake REST APIs", key-pair authentication.
    private func jwt(_ key: RSAPrivateKey, at time: Int) throws(SigningError) -> String {
        let subject = "\(Self.issuerAccount(account)).\(user)".uppercased()
        let fingerprint = "SHA256:\(Base64.text(try key.publicKeyDigest()))"
        let issued = time - Self.leeway
        return try JSONWebToken(claims: [
            ("iss", .text("\(subject).\(fingerprint)")), ("sub", .text(subject)), ("iat", .time(issued)),
            ("exp", .time(issued + Self.lifetime)),
        ]).signed(by: key)
    }

    /// `xy12345.eu-central-1` is known as `XY12345`; names of organisation and account stay whole.
    static func issuerAccount(_ account: String) -> String {
        let name = account.hasSuffix(".global") ? account.prefix { $0 != "-" } : account.prefix { $0 != "." }
        return name.uppercased()
    }

    private func read(_ path: String, _ what: String, most: Int) throws(SnowflakeFailure) -> [UInt8] {
        do throws(BoundedFile.Failure) {
            return try BoundedFile.read(path, limit: most, regularOnly: true)
        } catch {
            throw SnowflakeFailure(.unauthorized, "\(what) \(path) \(error.reason)")
        }
    }

    private func word(in file: String) throws(SnowflakeFailure) -> String {
        let text = String(decoding: try read(file, "tokenFile", most: 64 << 10), as: UTF8.self)
        let words = text.split { $0 == " " || $0 == "\n" || $0 == "\r" || $0 == "\r\n" || $0 == "\t" }
        guard words.count == 1, let word = words.first, word.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw SnowflakeFailure(.unauthorized, "tokenFile \(file) does not hold one token and nothing else")
        }
        return String(word)
    }
}
