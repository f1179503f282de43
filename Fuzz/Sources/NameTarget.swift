import CoreIngest

/// Names of schemas, which come from strangers and end up in paths and URLs.
enum NameTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        let text = String(decoding: input, as: UTF8.self)
        guard let name = SchemaName(text) else {
            promise(SchemaName(parsing: text) == nil, "parsed, but refused as a name: \(text)")
            return
        }
        promise(SchemaName(parsing: name.description) == name, "its own URI is another name: \(name)")
        promise(
            SchemaName("\(name.vendor)/\(name.name)/\(name.format)/\(name.version)") == name,
            "its own path is another name: \(name)")
        for part in [name.vendor, name.name, name.format, name.version.description] {
            promise(
                !part.isEmpty && part.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7B && $0 != 0x2F && $0 != 0x3A },
                "a part with a character that may not be in a path: \(name)")
            promise(
                !part.split(separator: ".", omittingEmptySubsequences: false).contains(""), "dots in a row: \(name)")
        }
    }
}
