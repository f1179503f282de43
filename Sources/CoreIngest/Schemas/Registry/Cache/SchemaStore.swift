import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Texts of schemas on disk, so that a start without the registry knows what was known before. Any thread.
///
/// A file for each schema, with the schema's name and a checksum in its first line: `buz-schema NAME CRC32C`. What does not
/// check is removed. Bounded in bytes: the files that were written longest ago go first. A copy only: nothing fails
/// because of it.
package final class SchemaStore: Sendable {
    private struct File {
        var bytes: Int
        var written: Int
    }

    private struct State {
        var files: [String: File] = [:]
        var bytes = 0
        var writes = 0
    }

    private let folder: String
    private let mostBytes: Int
    private let state = Mutex(State())

    /// Creates the folder where it is missing.
    package init(folder: String, mostBytes: Int) throws(StateError) {
        self.folder = folder
        self.mostBytes = mostBytes
        try FileSystem.makeDirectory(folder)
        var found: [(name: String, bytes: Int, time: Int)] = []
        for name in try FileSystem.list(folder) {
            var info = stat()
            guard name.hasSuffix(Self.suffix), lstat("\(folder)/\(name)", &info) == 0 else {
                // Left over from a write that was cut off.
                unlink("\(folder)/\(name)")
                continue
            }
            found.append((name, Int(info.st_size), Int(info.st_mtim.tv_sec)))
        }
        state.withLock { state in
            for file in found.sorted(by: { $0.time < $1.time }) { register(file.name, file.bytes, &state) }
        }
    }

    private static let suffix = ".schema"

    /// The text that was kept last; nil for none, or when it is not what was written.
    package func text(of name: SchemaName) -> [UInt8]? {
        let file = Self.file(name)
        guard let size = state.withLock({ $0.files[file]?.bytes }) else { return nil }
        let path = "\(folder)/\(file)"
        guard let bytes = try? Self.read(path, size), let text = Self.parse(bytes, name) else {
            remove(name)
            return nil
        }
        return text
    }

    /// Keeps a text. What cannot be written is not kept.
    package func keep(_ text: [UInt8], as name: SchemaName) {
        guard text.count <= mostBytes / 4, self.text(of: name) != text else { return }
        let head = "buz-schema \(name) \(Self.checksum(text))\n"
        let whole = Array(head.utf8) + text
        let file = Self.file(name)
        let temporary = "\(folder)/\(file).\(UInt64.random(in: 0 ... .max)).part"
        do throws(StateError) {
            try Self.write(whole, temporary)
        } catch {
            unlink(temporary)
            return
        }
        state.withLock { state in
            guard rename(temporary, "\(folder)/\(file)") == 0 else {
                unlink(temporary)
                return
            }
            register(file, whole.count, &state)
        }
    }

    /// Removes one, or all.
    package func remove(_ name: SchemaName?) {
        state.withLock { state in
            for file in name.map({ [Self.file($0)] }) ?? Array(state.files.keys) { drop(file, &state) }
        }
    }

    private func register(_ file: String, _ bytes: Int, _ state: inout State) {
        state.writes += 1
        state.bytes += bytes - (state.files[file]?.bytes ?? 0)
        state.files[file] = File(bytes: bytes, written: state.writes)
        guard state.bytes > mostBytes else { return }
        for (old, _) in state.files.sorted(by: { $0.value.written < $1.value.written }) {
            if state.bytes <= mostBytes / 4 * 3 { break }
            drop(old, &state)
        }
    }

    private func drop(_ file: String, _ state: inout State) {
        guard let known = state.files.removeValue(forKey: file) else { return }
        state.bytes -= known.bytes
        unlink("\(folder)/\(file)")
    }

    /// A name may be too long for a file's, so its hash (FNV-1a, 64 bits) stands for it; the first line says which it is.
    private static func file(_ name: SchemaName) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16) + suffix
    }

    private static func parse(_ bytes: [UInt8], _ name: SchemaName) -> [UInt8]? {
        guard let end = bytes.firstIndex(of: 0x0A) else { return nil }
        let text = Array(bytes[(end + 1)...])
        let expected = "buz-schema \(name) \(checksum(text))"
        return bytes[..<end].elementsEqual(expected.utf8) ? text : nil
    }

    private static func checksum(_ text: [UInt8]) -> String {
        String(text.withUnsafeBytes { CRC32C.checksum($0) }, radix: 16)
    }

    private static func read(_ path: String, _ size: Int) throws(StateError) -> [UInt8] {
        let descriptor = try FileSystem.open(path, O_RDONLY)
        defer { close(descriptor) }
        return try FileSystem.read(descriptor, at: 0, count: size, path: path)
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws(StateError) {
        let descriptor = try FileSystem.open(path, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(descriptor) }
        let failure: StateError? = bytes.withUnsafeBytes { raw in
            do throws(StateError) {
                try FileSystem.write(raw, to: descriptor, at: 0, path: path)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }
}
