#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The folder `app.stateDir`: everything that must outlive the process. Readable by its owner only.
///
/// ```
/// lock                     held by the running instance; holds its process id
/// state.sqlite             checkpoints of the sources, by key
/// deadletters/SINK.sqlite  dead letters of one sink
/// park/SINK/               events that wait on disk for one sink
/// ```
///
/// Parts of other modules put their own files beside these.
package final class StateDirectory: Sendable {
    package let path: String
    private let lockDescriptor: Int32?

    /// Creates the folder where it is missing.
    ///
    /// `exclusive`: take the lock, as the running instance does; throws ``StateError`` with `locked` where another instance has
    /// it. Commands that only look at dead letters go without.
    package init(path: String, exclusive: Bool) throws(StateError) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        try FileSystem.makeDirectory(self.path)
        guard exclusive else {
            lockDescriptor = nil
            return
        }
        let lock = self.path + "/lock"
        let descriptor = try FileSystem.open(lock, O_RDWR | O_CREAT)
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            let holder = (try? FileSystem.read(descriptor, at: 0, count: 20, path: lock)) ?? []
            close(descriptor)
            guard number == EWOULDBLOCK else { throw FileSystem.error(number, "lock", lock) }
            let owner = String(decoding: holder.filter { (0x30...0x39).contains($0) }, as: UTF8.self)
            let suffix = owner.isEmpty ? "" : " (process \(owner))"
            throw StateError(
                .locked,
                "Another instance\(suffix) uses the state folder \(self.path). Stop it, or give this one its own app.stateDir."
            )
        }
        var text = ByteArena(capacity: 64)
        text.append(decimal: Int64(getpid()))
        text.append("\n")
        _ = ftruncate(descriptor, 0)
        do {
            try FileSystem.write(text.bytes, to: descriptor, at: 0, path: lock)
        } catch {
            close(descriptor)
            throw error
        }
        lockDescriptor = descriptor
    }

    deinit {
        guard let lockDescriptor else { return }
        // Closing alone would leave the lock to a process that was forked meanwhile, until it calls exec.
        flock(lockDescriptor, LOCK_UN)
        close(lockDescriptor)
    }

    /// The folder of a part, created where it is missing.
    package func directory(_ name: String) throws(StateError) -> String {
        let whole = "\(path)/\(name)"
        try FileSystem.makeDirectory(whole)
        return whole
    }

    /// A name from the configuration as the name of a file: what is not a letter, digit, `-` or `_` becomes `%XX`.
    package static func fileName(_ name: String) -> String {
        var out = ""
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                out += "%" + (hex.count < 2 ? "0" : "") + hex
            }
        }
        return out
    }
}
