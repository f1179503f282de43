package import CoreIngest

/// A registry in a bucket: `PREFIX/VENDOR/NAME/jsonschema/1-0-0`, as in a folder.
package struct BucketRegistry: WritableSchemaRegistry {
    private let store: any ObjectStore
    /// Empty, or with a slash at the end.
    private let prefix: String
    private let known: KnownTexts
    /// Keys that are listed, in so many answers at the most.
    private static let mostKeys = 100_000
    private static let mostPages = 1000

    package init(_ store: any ObjectStore, prefix: String) {
        self.store = store
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : "\(prefix)/"
        known = KnownTexts(mostBytes: 4 * store.mostBytes)
    }

    package var description: String { store.description }

    private func key(_ name: SchemaName) -> String {
        "\(prefix)\(name.vendor)/\(name.name)/\(name.format)/\(name.version)"
    }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        try known.text(of: name) { tag throws(SchemaError) in
            let answer = try store.get(key(name), unless: tag)
            guard case .text(let text, _) = answer else { return answer }
            _ = try RegistryRequests.checked(text, as: name, from: description)
            return answer
        }
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        guard SchemaName(vendor: vendor, name: name, version: .first) != nil else { return [] }
        return try keys(below: "\(vendor)/\(name)/jsonschema/").compactMap { SchemaVersion(parsing: $0) }
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        let names = try keys(below: "").compactMap { key -> SchemaName? in
            let parts = key.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 4, let version = SchemaVersion(parsing: parts[3]) else { return nil }
            return SchemaName(
                vendor: String(parts[0]), name: String(parts[1]), format: String(parts[2]), version: version)
        }
        return Array(names.sorted().prefix(most))
    }

    /// Without what they all begin with.
    private func keys(below folder: String) throws(SchemaError) -> [Substring] {
        let start = prefix + folder
        var keys: [Substring] = []
        var page: String?
        for _ in 0..<Self.mostPages {
            let answer = try store.keys(prefix: start, page: page)
            // What does not begin so was not asked for.
            keys += answer.keys.filter { $0.hasPrefix(start) }.map { $0.dropFirst(start.count) }
            guard let next = answer.next else { return keys }
            if keys.count > Self.mostKeys { break }
            page = next
        }
        throw SchemaError(
            .tooLarge,
            "\(description) lists more than \(Self.mostKeys) keys, or never ends its list; give schemas a prefix of their own"
        )
    }

    package func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        guard text.count <= store.mostBytes else {
            throw SchemaError(
                .tooLarge, "the schema \(name) has \(text.count) bytes; at most \(store.mostBytes) are taken")
        }
        if try isPublished(text, as: name) { return }
        if try store.put(text, key(name)) { return }
        guard try isPublished(text, as: name) else { throw conflict(name) }
    }
}
