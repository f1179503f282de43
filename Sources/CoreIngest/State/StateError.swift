/// Why local state could not be read or written.
package struct StateError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No space left on the device, or a quota reached. Goes away when someone makes room: tried again.
        case diskFull
        /// Another instance uses it.
        case locked
        /// The contents are not what was written.
        case corrupt
        /// Missing permissions.
        case forbidden
        /// The database takes this row never: a constraint, or its size.
        case refused
        /// Set up in a way that cannot work until somebody mends it.
        case misconfigured
        /// Anything else.
        case failed
    }

    package var code: Code
    /// What happened, with which file, and what to do; one line.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
