/// Why a JSON Schema could not be compiled or had.
package struct SchemaError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The text is not JSON.
        case notJSON
        /// A keyword's value is not what its dialect allows.
        case malformed
        /// `$schema` names a dialect that is not built in.
        case unknownDialect
        /// A `$ref` that leads nowhere, or out of the schema.
        case unresolvedReference
        /// A schema that refers to itself without going into the value.
        case endlessReference
        /// Past a limit of ``SchemaOptions``.
        case tooLarge
        /// The registry has no such schema.
        case notFound
        /// The registry did not answer.
        case unavailable
        /// The registry has another schema under that name.
        case conflict
        /// The registry does not let this program do that.
        case denied
    }

    package var code: Code
    /// Where in the schema: a JSON pointer, empty for its root; in another that it refers to, that one's URI before a `#`.
    package var pointer: String
    /// What is wrong, and what to do, in one line.
    package var message: String

    package init(_ code: Code, at pointer: String = "", _ message: String) {
        self.code = code
        self.pointer = pointer
        self.message = message
    }

    package var description: String {
        if pointer.isEmpty { return message }
        return "\(message) (at \(pointer.hasPrefix("/") ? "#" : "")\(pointer))"
    }
}
