/// Why nothing was signed. One line: what is wrong with the key and what to do; never a part of the key or of its passphrase.
package struct SigningError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// No private key in PEM, or a damaged one.
        case malformed
        /// The key is encrypted and no passphrase was given.
        case encrypted
        /// The passphrase does not open the key.
        case wrongPassphrase
        /// A key of another kind or size than is signed with.
        case unsupported
        /// libcrypto could not, though the key is good: memory.
        case resource
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
