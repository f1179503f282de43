import TestServers
import Testing

@testable import Sinks

@Suite struct CachingSHA2SignInTests {
    private static let scramble = Array("abcdefghijklmnopqrst".utf8)
    private static let password = Array("secret word".utf8)

    @Test("A server that remembers the user gets a hash, and nothing else")
    func remembered() {
        var exchange = CachingSHA2SignIn(password: Self.password)
        guard case .send(let hash) = exchange.begin(Self.scramble + [0]) else {
            Issue.record("no hash")
            return
        }
        #expect(hash.count == 32)
        #expect(exchange.take([3], isPrivate: false) == .done)
    }

    @Test("Where nobody can listen the password goes as it is, else encrypted by the server's key, each time anew")
    func forgotten() throws {
        var exchange = CachingSHA2SignIn(password: Self.password)
        _ = exchange.begin(Self.scramble)
        #expect(exchange.take([4], isPrivate: true) == .sendLast(Self.password + [0]))

        let folder = try TemporaryFolder()
        let certificates = Certificates(folder)
        try certificates.run(["genrsa", "-out", "\(folder.path)/key.pem", "2048"])
        let key = try certificates.run(["rsa", "-in", "\(folder.path)/key.pem", "-pubout"])
        var open = CachingSHA2SignIn(password: Self.password)
        _ = open.begin(Self.scramble)
        #expect(open.take([4], isPrivate: false) == .send([2]))
        guard case .sendLast(let bytes) = open.take(Array(key.utf8), isPrivate: false) else {
            Issue.record("not encrypted")
            return
        }
        try writeBytes(bytes, to: "\(folder.path)/in")
        try certificates.run([
            "pkeyutl", "-decrypt", "-inkey", "\(folder.path)/key.pem", "-pkeyopt", "rsa_padding_mode:oaep", "-in",
            "\(folder.path)/in", "-out", "\(folder.path)/out",
        ])
        let hidden = Array(readText("\(folder.path)/out").utf8)
        #expect(zip(hidden, Self.scramble).map { $0 ^ $1 } == Self.password + [0])
    }

    @Test(
        "A server that keeps to no protocol gets no password",
        arguments: [[], [5], [4, 4], Array("-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----".utf8)] as [[UInt8]]
    )
    func strange(packet: [UInt8]) {
        var exchange = CachingSHA2SignIn(password: Self.password)
        #expect(exchange.begin(Array(Self.scramble.prefix(19))) == .failed)
        _ = exchange.begin(Self.scramble)
        #expect(exchange.take(packet, isPrivate: false) == .failed)
        _ = exchange.take([4], isPrivate: false)
        #expect(exchange.take(packet, isPrivate: false) == .failed)
        // Without a password there is none to hide.
        var empty = CachingSHA2SignIn(password: [])
        #expect(empty.begin(Self.scramble) == .sendLast([0]))
    }
}
