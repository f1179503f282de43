import CoreIngest
import Glibc

/// The folder of a file sink, held open: files are opened relative to it.
final class OutputDirectory {
    let path: String
    let descriptor: Int32
    private var hasNewEntries = false

    /// Opens the folder; creates its last part where it is missing.
    init(path: String) throws(SinkFailure) {
        self.path = path
        if mkdir(path, 0o777) != 0, errno != EEXIST {
            throw .system(errno, "creating the folder \(path)", reopen: true)
        }
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw .system(errno, "opening the folder \(path)", reopen: true) }
    }

    deinit { Glibc.close(descriptor) }

    /// The newest file of an output; nil where it has none.
    func newest(_ output: OutputName, _ compression: OutputCompression) throws(SinkFailure) -> OutputFileName? {
        guard let listing = opendir(path) else { throw .system(errno, "listing the folder \(path)", reopen: true) }
        defer { closedir(listing) }
        var newest: OutputFileName?
        while let entry = readdir(listing) {
            let text = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name = OutputFileName(parsing: text, output, compression) else { continue }
            if newest.map({ $0 < name }) ?? true { newest = name }
        }
        return newest
    }

    /// Size of a file in bytes; nil where it does not exist.
    func size(of file: String) -> Int? {
        var status = stat()
        guard fstatat(descriptor, file, &status, 0) == 0 else { return nil }
        return Int(status.st_size)
    }

    func noteNewEntry() { hasNewEntries = true }

    /// Makes new names in the folder durable.
    func synchronize() throws(SinkFailure) {
        guard hasNewEntries else { return }
        if fsync(descriptor) != 0 { throw .system(errno, "making new files in \(path) durable", reopen: true) }
        hasNewEntries = false
    }

    /// Fails when the path does not lead to this folder any more: it was removed, moved away, or unmounted.
    func checkIsStillThere() throws(SinkFailure) {
        var here = stat()
        var there = stat()
        guard stat(path, &there) == 0 else { throw .system(errno, "looking at the folder \(path)", reopen: true) }
        guard fstat(descriptor, &here) == 0, here.st_ino == there.st_ino, here.st_dev == there.st_dev else {
            throw SinkFailure(
                .unavailable,
                "the folder \(path) was replaced while files in it were written; writing into the new one",
                reopen: true)
        }
    }
}
