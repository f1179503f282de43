#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The few file operations that local state needs, with errors that name the file and the remedy.
package enum FileSystem {
    package static func error(_ number: Int32, _ what: String, _ path: String) -> StateError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT:
            return StateError(
                .diskFull, "Cannot \(what) \(path): \(reason). Make room on that disk; it is tried again.")
        case EACCES, EPERM, EROFS:
            return StateError(
                .forbidden, "Cannot \(what) \(path): \(reason). Give the user of this process the right to write there."
            )
        default:
            return StateError(.failed, "Cannot \(what) \(path): \(reason).")
        }
    }

    /// Creates a folder and those above it, for the owner only. Does nothing where it is there.
    package static func makeDirectory(_ path: String) throws(StateError) {
        var prefix = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            prefix +=
                prefix.isEmpty && part.isEmpty ? "/" : (prefix.isEmpty || prefix.hasSuffix("/") ? part : "/\(part)")
            if prefix.isEmpty || prefix == "/" { continue }
            if mkdir(prefix, 0o700) != 0, errno != EEXIST { throw error(errno, "create the folder", prefix) }
        }
        var info = stat()
        guard stat(path, &info) == 0 else { throw error(errno, "use the folder", path) }
        guard info.st_mode & S_IFMT == S_IFDIR else { throw error(ENOTDIR, "use the folder", path) }
    }

    package static func open(_ path: String, _ flags: Int32) throws(StateError) -> Int32 {
        while true {
            #if canImport(Glibc)
                let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
            #else
                let descriptor = Musl.open(path, flags | O_CLOEXEC, 0o600)
            #endif
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw error(errno, "open", path) }
        }
    }

    /// Writes all bytes at an offset, or fails.
    package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String)
        throws(StateError)
    {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
            if count < 0 {
                if errno == EINTR { continue }
                throw error(errno, "write", path)
            }
            done += count
        }
    }

    /// Reads up to `count` bytes at an offset; fewer only at the file's end.
    package static func read(
        _ descriptor: Int32, at offset: Int, count: Int, path: String
    ) throws(StateError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
                if got < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    return
                }
                if got == 0 { return }
                filled += got
            }
        }
        if failure != 0 { throw error(failure, "read", path) }
        return bytes
    }

    package static func sync(_ descriptor: Int32, path: String) throws(StateError) {
        if fdatasync(descriptor) != 0 { throw error(errno, "write", path) }
    }

    /// Makes created and removed files of a folder durable.
    package static func syncDirectory(_ path: String) throws(StateError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw error(errno, "write", path) }
    }

    package static func size(_ descriptor: Int32, path: String) throws(StateError) -> Int {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw error(errno, "read", path) }
        return Int(info.st_size)
    }

    /// Names of the entries of a folder, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(StateError) -> [String] {
        guard let directory = opendir(path) else { throw error(errno, "list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
