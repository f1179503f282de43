/// A media type without its parameters, in lower case (RFC 9110, section 8.3.1).
package struct MediaType: Sendable, Equatable {
    /// `application/json`
    package let name: String

    package init(_ text: UnsafeRawBufferPointer) {
        let end = text.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? text.count
        name = String(decoding: text[..<min(end, 200)].map(HeaderFields.lowered), as: UTF8.self)
    }

    /// `*/json` or `*/*+json`.
    package var isJSON: Bool { name.hasSuffix("/json") || (name.contains("/") && name.hasSuffix("+json")) }
    package var isText: Bool { name.hasPrefix("text/") }
    /// A type, a slash and a subtype.
    package var isWellFormed: Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !#""(),:;<=>?@[\]{}"#.utf8.contains($0) }
            }
    }
}
