package import CoreIngest

/// What follows the path of webhooks or pixels: the name of a schema, or nothing.
package enum NamedPath: Equatable {
    case unnamed
    case named(SchemaName)
    /// Something that is no name of a schema: `..`, a scheme, a part that is missing.
    case malformed

    /// `path` is `root`, or below it.
    package init(_ path: UnsafeRawBufferPointer, below root: String) {
        var rest = Substring(decoding: path.dropFirst(root.utf8.count), as: UTF8.self)
        if rest.hasPrefix("/") { rest = rest.dropFirst() }
        if rest.isEmpty {
            self = .unnamed
        } else if let name = SchemaName(rest) {
            self = .named(name)
        } else {
            self = .malformed
        }
    }

    package static func explanation(_ root: String) -> String {
        "what follows \(root)/ is no name of a schema: write \(root)/vendor/name/v1.0.json"
    }
}
