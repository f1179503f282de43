private import CLibCrypto

/// An RSA key of at least 2048 bits that signs with SHA-256 (`RS256`: RSASSA-PKCS1-v1_5, RFC 7518 section 3.3). Never printed.
package final class RSAPrivateKey: Sendable, CustomStringConvertible {
    /// Larger files hold no single key.
    package static let mostBytes = 64 << 10
    private static let bits = 2048...16384

    // Only read after init, which libcrypto allows on any thread: openssl-threads(7).
    nonisolated(unsafe) private let key: OpaquePointer

    /// Reads a key in PEM: PKCS#8, encrypted or not (RFC 5958), or PKCS#1 (RFC 8017). Text around it is left out.
    package init(pem: [UInt8], passphrase: [UInt8]? = nil) throws(SigningError) {
        guard pem.count <= Self.mostBytes else {
            throw SigningError(.malformed, "a private key of more than \(Self.mostBytes) bytes is not read")
        }
        // The file that libcrypto reads keeps the pointer: BIO_new_mem_buf(3).
        guard let (read, request) = pem.withUnsafeBytes({ Self.read($0, PassphraseRequest(passphrase: passphrase)) })
        else { throw SigningError(.resource, "libcrypto has no memory to read a private key") }
        guard let read else { throw Self.failure(request) }
        guard EVP_PKEY_get_base_id(read) == EVP_PKEY_RSA, Self.bits.contains(Int(EVP_PKEY_get_bits(read))) else {
            EVP_PKEY_free(read)
            throw SigningError(
                .unsupported,
                "the private key is not an RSA key of \(Self.bits.lowerBound) to \(Self.bits.upperBound) bits; make one with: openssl genrsa 2048"
            )
        }
        key = read
    }

    deinit { EVP_PKEY_free(key) }

    package var description: String { "<RSA private key>" }

    /// The key in PEM, if there is one that can be read, and what libcrypto asked for; nil where there is no memory.
    private static func read(_ pem: UnsafeRawBufferPointer, _ asked: PassphraseRequest) -> (
        OpaquePointer?, PassphraseRequest
    )? {
        guard let file = BIO_new_mem_buf(pem.baseAddress, Int32(pem.count)) else { return nil }
        defer {
            BIO_free(file)
            // What went wrong stays with the thread otherwise, and libcurl would find it there.
            ERR_clear_error()
        }
        var request = asked
        let read = withUnsafeMutablePointer(to: &request) { request in
            // Without a callback libcrypto would ask at the terminal.
            PEM_read_bio_PrivateKey(file, nil, answerPassphrase, request)
        }
        return (read, request)
    }

    private static func failure(_ request: PassphraseRequest) -> SigningError {
        if request.isTooLong {
            return SigningError(.wrongPassphrase, "the passphrase of the private key is longer than 1024 bytes")
        }
        guard request.wasAsked else {
            return SigningError(
                .malformed, "there is no readable private key in PEM (PKCS#8 or PKCS#1), which begins with: -----BEGIN")
        }
        return request.passphrase == nil
            ? SigningError(.encrypted, "the private key is encrypted and no passphrase is given")
            : SigningError(.wrongPassphrase, "the passphrase does not open the private key")
    }

    /// The signature of the bytes: as long as the key's modulus.
    package func sign(_ bytes: [UInt8]) throws(SigningError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw Self.unsigned }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var count = 0
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, nil, &count, bytes, bytes.count) == 1
        else { throw Self.unsigned }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1 else { throw Self.unsigned }
        return Array(signature.prefix(count))
    }

    private static var unsigned: SigningError {
        SigningError(.resource, "libcrypto could not sign with the private key")
    }

    /// SHA-256 of the public key as DER of a SubjectPublicKeyInfo (RFC 5280): what services call its fingerprint.
    package func publicKeyDigest() throws(SigningError) -> [UInt8] {
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &der)
        guard count > 0, let der else { throw Self.unsigned }
        defer { CRYPTO_free(der, nil, 0) }
        do throws(HTTPError) {
            return try Digest.sha256(Array(UnsafeBufferPointer(start: der, count: Int(count))))
        } catch { throw SigningError(.resource, error.message) }
    }
}

/// What libcrypto was told when it asked for a passphrase.
private struct PassphraseRequest {
    var passphrase: [UInt8]?
    var wasAsked = false
    var isTooLong = false
}

/// Answers how many bytes of passphrase it wrote, or -1. Source: PEM_read_bio_PrivateKey(3), pem_password_cb.
private func answerPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ writing: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let buffer, let request = context?.assumingMemoryBound(to: PassphraseRequest.self) else { return -1 }
    request.pointee.wasAsked = true
    guard let passphrase = request.pointee.passphrase else { return -1 }
    guard passphrase.count <= Int(size) else {
        request.pointee.isTooLong = true
        return -1
    }
    UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyBytes(from: passphrase)
    return Int32(passphrase.count)
}
