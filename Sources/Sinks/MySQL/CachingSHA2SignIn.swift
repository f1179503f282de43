import HTTPClient

/// The client's side of `caching_sha2_password`, MySQL's usual way of signing in (MySQL Internals, "Caching SHA-2 Pluggable
/// Authentication"), without I/O: each method takes what the server sent, and answers what is to be sent.
///
/// A server that remembers the user is content with a hash. One that does not, as after its start, asks for the password. Only within TLS or
/// through a Unix socket does it go as it is; else it is encrypted by the key that the server then sends.
struct CachingSHA2SignIn {
    enum Step: Equatable {
        case send([UInt8])
        /// The server's verdict follows.
        case sendLast([UInt8])
        /// Nothing more to say: the server's verdict follows.
        case done
        /// The server does not keep to the protocol, or its key is of no use.
        case failed
    }

    /// Bytes of the server's random text.
    static let scrambleBytes = 20

    let password: [UInt8]
    private var scramble: [UInt8] = []
    private var awaitsKey = false

    init(password: [UInt8]) { self.password = password }

    /// To the server's random text.
    mutating func begin(_ packet: [UInt8]) -> Step {
        guard packet.count >= Self.scrambleBytes else { return .failed }
        scramble = Array(packet.prefix(Self.scrambleBytes))
        if password.isEmpty { return .sendLast([0]) }
        // SHA256(password) XOR SHA256(SHA256(SHA256(password)), scramble)
        do throws(HTTPError) {
            let once = try Digest.sha256(password)
            let mask = try Digest.sha256(try Digest.sha256(once) + scramble)
            return .send(zip(once, mask).map { $0 ^ $1 })
        } catch {
            return .failed
        }
    }

    /// To each packet after that. `isPrivate`: whether nobody on the way can read what is sent now.
    mutating func take(_ packet: [UInt8], isPrivate: Bool) -> Step {
        if awaitsKey { return encrypted(for: packet) }
        switch packet {
        case [3]: return .done
        case [4] where isPrivate: return .sendLast(password + [0])
        case [4]:
            awaitsKey = true
            return .send([2])
        default: return .failed
        }
    }

    private mutating func encrypted(for key: [UInt8]) -> Step {
        awaitsKey = false
        let hidden = (password + [0]).enumerated().map { $1 ^ scramble[$0 % Self.scrambleBytes] }
        guard let bytes = try? RSAPublicKey.encrypt(hidden, pem: key) else { return .failed }
        return .sendLast(bytes)
    }
}
