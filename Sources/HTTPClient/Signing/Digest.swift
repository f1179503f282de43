private import CLibCrypto

/// SHA-256 (FIPS 180-4), and HMAC with it (RFC 2104): 32 bytes, by OpenSSL's libcrypto, which fails only without memory.
package enum Digest {
    package static func sha256(_ bytes: [UInt8]) throws(HTTPError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &out, &length, EVP_sha256(), nil) == 1, length == 32 else {
            throw HTTPError(.resource, "libcrypto computes no SHA-256")
        }
        return out
    }

    package static func hmac(_ text: String, key: [UInt8]) throws(HTTPError) -> [UInt8] {
        let bytes = Array(text.utf8)
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard HMAC(EVP_sha256(), key, Int32(clamping: key.count), bytes, bytes.count, &out, &length) != nil,
            length == 32
        else { throw HTTPError(.resource, "libcrypto computes no HMAC with SHA-256") }
        return out
    }

    /// Lower case.
    package static func hex(_ bytes: [UInt8]) -> String {
        var out = ""
        for byte in bytes {
            if byte < 16 { out += "0" }
            out += String(byte, radix: 16)
        }
        return out
    }
}
