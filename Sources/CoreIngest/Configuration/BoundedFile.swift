#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads small files whole: configurations, secrets and schemas.
package enum BoundedFile {
    /// Why a file could not be read: a phrase that goes on after the file's name.
    package struct Failure: Error { package var reason: String }

    /// The file's bytes, at most `limit` of them. With `regularOnly`, pipes and devices are refused: reading them may
    /// never end.
    package static func read(_ path: String, limit: Int, regularOnly: Bool) throws(Failure) -> [UInt8] {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw Failure(reason: "is not a path") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (regularOnly ? O_NONBLOCK : 0))
        guard descriptor >= 0 else { throw Failure(reason: "cannot be opened: \(errorText(errno))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(reason: "cannot be read: \(errorText(errno))") }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFDIR { throw Failure(reason: "is a folder; name a file") }
        if regularOnly, kind != S_IFREG { throw Failure(reason: "is not a regular file") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &chunk, chunk.count)
            #else
                let count = Musl.read(descriptor, &chunk, chunk.count)
            #endif
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(reason: "cannot be read: \(errorText(errno))")
            }
            bytes += chunk[..<count]
            if bytes.count > limit {
                throw Failure(reason: "is larger than \(ByteSizeText.text(limit)), the most that is read")
            }
        }
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func errorText(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
