/// Why a text is no regular expression of ECMA-262, or one that is too large.
package struct PatternError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Not the grammar of ECMA-262.
        case malformed
        /// A property, script or feature that is not built in.
        case unsupported
        /// Past a limit of ``PatternLimits``.
        case tooLarge
    }

    package var code: Code
    /// Bytes from the pattern's beginning.
    package var offset: Int
    /// What is wrong, and what to do, in one line.
    package var message: String

    init(_ code: Code, at offset: Int, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    package var description: String { "\(message) (byte \(offset) of the pattern)" }
}
