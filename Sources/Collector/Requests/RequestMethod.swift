/// The methods that routes tell apart.
package enum RequestMethod: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, options, patch
    /// A token that is none of these.
    case other

    /// Reads a method's token; methods are case-sensitive (RFC 9110, section 9.1).
    package init(_ token: UnsafeRawBufferPointer) {
        self = Self.allCases.first { $0 != .other && token.elementsEqual($0.token.utf8) } ?? .other
    }

    /// As in a request line, and in `Allow`.
    package var token: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .other: ""
        }
    }
}
