import Glibc
import TestServers
import Testing

@testable import HTTPClient

/// Keys are made by openssl's command, which also judges the signatures.
@Suite("Signing", .timeLimit(.minutes(2)))
struct SigningTests {
    let folder: TemporaryFolder
    let keys: String

    init() throws {
        folder = try TemporaryFolder("buz-signing")
        keys = folder.path
        try openssl("genrsa", "-out", "\(keys)/rsa.pem", "2048")
        try openssl("rsa", "-in", "\(keys)/rsa.pem", "-pubout", "-out", "\(keys)/public.pem")
    }

    @discardableResult
    private func openssl(_ arguments: String...) throws -> String {
        try ChildProcess.run(["openssl"] + arguments, folder: folder)
    }

    private func bytes(_ name: String) throws -> [UInt8] { Array(try text(name).utf8) }

    private func text(_ name: String) throws -> String {
        let path = "\(keys)/\(name)"
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var out = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&out, 1, out.count, file)
        return String(decoding: out.prefix(count), as: UTF8.self)
    }

    private func write(_ content: [UInt8], _ name: String) throws {
        let file = try #require(fopen("\(keys)/\(name)", "w"))
        defer { fclose(file) }
        #expect(fwrite(content, 1, content.count, file) == content.count)
    }

    /// The arguments that make `made.pem` from `rsa.pem`, and its passphrase.
    static let forms: [([String], String?)] = [
        (["pkcs8", "-topk8", "-nocrypt"], nil),
        (["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:open sesame ü"], "open sesame ü"),
        (["pkcs8", "-topk8", "-v2", "des3", "-passout", "pass:x"], "x"),
        (["rsa", "-traditional"], nil),
        (["rsa", "-traditional", "-aes128", "-passout", "pass:old form"], "old form"),
    ]

    @Test("Keys are read in PKCS#8 and PKCS#1, open and encrypted, and openssl takes what they sign", arguments: forms)
    func signs(form: [String], passphrase: String?) throws {
        _ = try ChildProcess.run(
            ["openssl"] + form + ["-in", "\(keys)/rsa.pem", "-out", "\(keys)/made.pem"], folder: folder)
        let key = try RSAPrivateKey(pem: try bytes("made.pem"), passphrase: passphrase.map { Array($0.utf8) })
        let message = Array("what is said\n".utf8)
        try write(message, "message")
        try write(try key.sign(message), "signature")
        let verdict = try openssl(
            "dgst", "-sha256", "-verify", "\(keys)/public.pem", "-signature", "\(keys)/signature", "\(keys)/message")
        #expect(verdict.contains("Verified OK"))
        #expect("\(key)" == "<RSA private key>")
    }

    @Test("A fingerprint is that of the public key as openssl writes it")
    func fingerprint() throws {
        let key = try RSAPrivateKey(pem: try bytes("rsa.pem"))
        try openssl("rsa", "-pubin", "-in", "\(keys)/public.pem", "-outform", "DER", "-out", "\(keys)/public.der")
        let said = try openssl("dgst", "-sha256", "-hex", "-r", "\(keys)/public.der")
        #expect(said.hasPrefix(Digest.hex(try key.publicKeyDigest())))
    }

    @Test("A key that cannot be used is refused with a reason, which has nothing of it")
    func refusals() throws {
        try openssl(
            "pkcs8", "-topk8", "-in", "\(keys)/rsa.pem", "-passout", "pass:secret", "-out", "\(keys)/locked.pem")
        try openssl("genrsa", "-out", "\(keys)/small.pem", "1024")
        try openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "\(keys)/curve.pem")
        let locked = try bytes("locked.pem")
        let whole = try bytes("rsa.pem")
        let table: [([UInt8], String?, SigningError.Code)] = [
            ([], nil, .malformed), (Array("no key".utf8), "x", .malformed), (try bytes("public.pem"), nil, .malformed),
            (Array(whole.prefix(whole.count / 2)), nil, .malformed),
            (Array(repeating: 0x41, count: RSAPrivateKey.mostBytes + 1), nil, .malformed),
            (locked, nil, .encrypted), (locked, "wrong", .wrongPassphrase), (locked, "", .wrongPassphrase),
            (locked, String(repeating: "long", count: 999), .wrongPassphrase),
            (try bytes("small.pem"), nil, .unsupported), (try bytes("curve.pem"), nil, .unsupported),
        ]
        for (pem, passphrase, code) in table {
            let error = #expect(throws: SigningError.self) {
                try RSAPrivateKey(pem: pem, passphrase: passphrase.map { Array($0.utf8) })
            }
            #expect(error?.code == code)
            #expect(error?.message.contains("secret") == false)
            #expect(error?.message.contains("\n") == false)
        }
    }

    @Test("A token is what RFC 7515 says, and its signature is good")
    func token() throws {
        let key = try RSAPrivateKey(pem: try bytes("rsa.pem"))
        let token = JSONWebToken(
            keyID: "k1", claims: [("iss", .text("a\"b\\c\u{1}é")), ("iat", .time(1_700_000_000))])
        let parts = try token.signed(by: key).split(separator: ".", omittingEmptySubsequences: false)
        try #require(parts.count == 3)
        #expect(parts[0] == Base64.urlText(Array(#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#.utf8))[...])
        #expect(parts[1] == Base64.urlText(Array(#"{"iss":"a\"b\\c\u0001é","iat":1700000000}"#.utf8))[...])
        #expect(parts[2] == Base64.urlText(try key.sign(Array("\(parts[0]).\(parts[1])".utf8)))[...])
    }

    // RFC 4648 section 10, and bytes that need the other alphabet.
    @Test(
        "Base64 is that of RFC 4648",
        arguments: [
            ([], "", ""), ([0x66], "Zg==", "Zg"), ([0x66, 0x6F], "Zm8=", "Zm8"), ([0x66, 0x6F, 0x6F], "Zm9v", "Zm9v"),
            ([0xFB, 0xFF, 0xFE], "+//+", "-__-"),
        ] as [([UInt8], String, String)])
    func base64(bytes: [UInt8], text: String, url: String) {
        #expect(Base64.text(bytes) == text)
        #expect(Base64.urlText(bytes) == url)
    }

    @Test("Digests are those of FIPS 180-4 and RFC 4231")
    func digests() throws {
        #expect(
            Digest.hex(try Digest.sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Digest.hex(try Digest.hmac("what do ya want for nothing?", key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }
}
