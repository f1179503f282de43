#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A registry in a folder, laid out as Iglu's static registries: `PATH/VENDOR/NAME/jsonschema/1-0-0`, with or without `.json`. A
/// schema that is not there is also read from Buz's place for it, `PATH/VENDOR/A/B/v1.0.json`.
///
/// The parts of a name have no slash and no two dots in a row, by ``SchemaName``'s grammar, so that no name leads out of the
/// folder.
package struct DirectoryRegistry: SchemaRegistry {
    package let path: String
    /// Bytes of one schema; larger ones are refused.
    package let mostBytes: Int

    package init(path: String, mostBytes: Int = 4 << 20) {
        self.path = path
        self.mostBytes = mostBytes
    }

    package var description: String { "folder \(path)" }

    func folder(of name: SchemaName) -> String { "\(path)/\(name.vendor)/\(name.name)/\(name.format)" }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        let file = "\(folder(of: name))/\(name.version)"
        if let text = try read(file) { return text }
        if let text = try read(file + ".json") { return text }
        return try read("\(path)/\(name.path).json")
    }

    private func read(_ file: String) throws(SchemaError) -> [UInt8]? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw unavailable("open", file, errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Self.read(descriptor, into: &buffer)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EISDIR { return nil }
                throw unavailable("read", file, errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > mostBytes {
                throw SchemaError(.tooLarge, "the schema \(file) has more than \(mostBytes) bytes; make it smaller")
            }
        }
    }

    private static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int {
        buffer.withUnsafeMutableBytes { bytes in
            #if canImport(Glibc)
                Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            #else
                Musl.read(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        guard SchemaName(vendor: vendor, name: name, version: .first) != nil else { return [] }
        let folder = "\(path)/\(vendor)/\(name)/jsonschema"
        var versions = Set<SchemaVersion>()
        for file in try entries(folder) {
            if let version = SchemaVersion(parsing: Self.stem(file)) { versions.insert(version) }
        }
        return versions.sorted()
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        var names = Set<SchemaName>()
        for vendor in try entries(path) {
            for name in try entries("\(path)/\(vendor)") {
                for format in try entries("\(path)/\(vendor)/\(name)") {
                    for file in try entries("\(path)/\(vendor)/\(name)/\(format)") {
                        guard let version = SchemaVersion(parsing: Self.stem(file)),
                            let found = SchemaName(vendor: vendor, name: name, format: format, version: version)
                        else { continue }
                        names.insert(found)
                    }
                }
            }
            if names.count >= most { break }
        }
        return Array(names.sorted().prefix(most))
    }

    private static func stem(_ file: String) -> Substring { file.hasSuffix(".json") ? file.dropLast(5) : file[...] }

    /// Sorted, without those that begin with a dot; empty for what is no folder.
    private func entries(_ folder: String) throws(SchemaError) -> [String] {
        guard let handle = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw unavailable("list", folder, errno)
        }
        defer { closedir(handle) }
        var entries: [String] = []
        while let entry = readdir(handle) {
            let file = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !file.hasPrefix(".") { entries.append(file) }
        }
        return entries.sorted()
    }

    func unavailable(_ verb: String, _ file: String, _ code: Int32) -> SchemaError {
        SchemaError(.unavailable, "cannot \(verb) \(file) of the schema registry: \(String(cString: strerror(code)))")
    }
}
