#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The temporary folder that holds everything of one demo.
struct DemoFolder {
    let path: String

    /// Makes a new folder in `$TMPDIR` or `/tmp`.
    init() throws(CommandFailure) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/buz-demo-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw .failed("the demo cannot make a folder in \(parent): \(String(cString: strerror(errno))); set TMPDIR")
        }
        path = String(cString: made)
        // The server's folder lies inside, and it may run as another user.
        chmod(path, 0o755)
    }

    func subfolder(_ name: String) throws(CommandFailure) -> String {
        let folder = "\(path)/\(name)"
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw .failed("the demo cannot make \(folder): \(String(cString: strerror(errno)))")
        }
        return folder
    }

    /// Writes a whole file and answers its path.
    @discardableResult
    func write(_ text: String, to name: String) throws(CommandFailure) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .failed("the demo cannot write \(file): \(String(cString: strerror(errno)))")
        }
        Output.write(text, to: descriptor)
        close(descriptor)
        return file
    }

    func remove() { Self.remove(path) }

    private static func remove(_ path: String) {
        if let listing = opendir(path) {
            while let entry = readdir(listing) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name == "." || name == ".." { continue }
                let child = "\(path)/\(name)"
                if entry.pointee.d_type == UInt8(DT_DIR) { remove(child) } else { unlink(child) }
            }
            closedir(listing)
        }
        rmdir(path)
    }
}
