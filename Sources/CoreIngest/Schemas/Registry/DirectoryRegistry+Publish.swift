#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension DirectoryRegistry: WritableSchemaRegistry {
    /// Written beside its place, made durable, and then linked there: a reader sees the whole schema or none, and of two writers
    /// one is first.
    package func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        guard text.count <= mostBytes else {
            throw SchemaError(.tooLarge, "the schema \(name) has \(text.count) bytes; at most \(mostBytes) are taken")
        }
        if try isPublished(text, as: name) { return }
        let folder = folder(of: name)
        try makeFolder(folder)
        let temporary = "\(folder)/.\(name.version).\(getpid()).\(UInt64.random(in: 0 ... .max)).part"
        defer { unlink(temporary) }
        try write(text, temporary)
        let file = "\(folder)/\(name.version)"
        if link(temporary, file) != 0 {
            switch errno {
            case EEXIST:
                if try isPublished(text, as: name) { return }
                throw unavailable("write", file, EEXIST)
            // No hard links there. Between the look above and this another writer's version could be replaced.
            case EPERM, EOPNOTSUPP, EMLINK:
                if rename(temporary, file) != 0 { throw unavailable("write", file, errno) }
            case let number: throw unavailable("write", file, number)
            }
        }
        try syncFolder(folder)
    }

    private func makeFolder(_ folder: String) throws(SchemaError) {
        var made = ""
        for part in folder.split(separator: "/", omittingEmptySubsequences: false) {
            let parent = made
            made += made.isEmpty && !folder.hasPrefix("/") && parent.isEmpty ? part : "/\(part)"
            if made.isEmpty || made == "/" { continue }
            if mkdir(made, 0o755) == 0 {
                try syncFolder(parent.isEmpty ? (folder.hasPrefix("/") ? "/" : ".") : parent)
            } else if errno != EEXIST {
                throw unavailable("create", made, errno)
            }
        }
    }

    private func write(_ text: [UInt8], _ file: String) throws(SchemaError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw unavailable("write", file, errno) }
        defer { close(descriptor) }
        do throws(StateError) {
            let failure: StateError? = text.withUnsafeBytes { bytes in
                do throws(StateError) {
                    try FileSystem.write(bytes, to: descriptor, at: 0, path: file)
                    return nil
                } catch { return error }
            }
            if let failure { throw failure }
            try FileSystem.sync(descriptor, path: file)
        } catch {
            throw SchemaError(.unavailable, error.message)
        }
    }

    private func syncFolder(_ folder: String) throws(SchemaError) {
        do throws(StateError) { try FileSystem.syncDirectory(folder) } catch {
            throw SchemaError(.unavailable, error.message)
        }
    }
}
