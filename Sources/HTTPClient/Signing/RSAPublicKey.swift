private import CLibCrypto

/// An RSA key of somebody else, to whom something is to be told that nobody on the way reads.
package enum RSAPublicKey {
    /// Larger files hold no single key.
    private static let mostBytes = 16 << 10

    /// Encrypts bytes by RSAES-OAEP with SHA-1 (RFC 8017 section 7.1) for who has the private key of a public one in PEM. The bytes have
    /// to be 42 less than the key, which is refused where it has less than 1024 bits or more than 16384.
    package static func encrypt(_ bytes: [UInt8], pem: [UInt8]) throws(SigningError) -> [UInt8] {
        guard pem.count <= mostBytes else {
            throw SigningError(.malformed, "a public key of more than \(mostBytes) bytes is not read")
        }
        guard let file = BIO_new_mem_buf(pem, Int32(pem.count)) else { throw unencrypted }
        defer {
            BIO_free(file)
            // What went wrong stays with the thread otherwise, and others would find it there.
            ERR_clear_error()
        }
        guard let key = PEM_read_bio_PUBKEY(file, nil, nil, nil) else {
            throw SigningError(.malformed, "what should be a public key in PEM is none")
        }
        defer { EVP_PKEY_free(key) }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, (1024...16384).contains(EVP_PKEY_get_bits(key)) else {
            throw SigningError(.unsupported, "the public key is not an RSA key of 1024 to 16384 bits")
        }
        guard let context = EVP_PKEY_CTX_new(key, nil) else { throw unencrypted }
        defer { EVP_PKEY_CTX_free(context) }
        var count = 0
        guard EVP_PKEY_encrypt_init(context) > 0,
            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0,
            EVP_PKEY_encrypt(context, nil, &count, bytes, bytes.count) > 0
        else { throw unencrypted }
        var out = [UInt8](repeating: 0, count: count)
        guard EVP_PKEY_encrypt(context, &out, &count, bytes, bytes.count) > 0 else { throw unencrypted }
        return Array(out.prefix(count))
    }

    private static var unencrypted: SigningError {
        SigningError(.resource, "libcrypto could not encrypt for a public key")
    }
}
