private import CLibCrypto

/// Message authentication codes (RFC 2104), by OpenSSL's libcrypto.
enum AuthenticationCode {
    /// HMAC with SHA-256: 32 bytes. Nil only where libcrypto has no memory, or does not know SHA-256.
    static func sha256(of message: [UInt8], key: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, &length) != nil,
            length == 32
        else { return nil }
        return code
    }
}
