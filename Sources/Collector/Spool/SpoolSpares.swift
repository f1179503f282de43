import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Files of the spool that were delivered, kept to be written over: a disk syncs what lies within a file sooner than what makes one
/// longer, and all writing waits while it removes a large one.
///
/// Frames name their own offset, and offsets never repeat, so what is left in such a file is never taken for something new.
final class SpoolSpares: Sendable {
    private let paths = Mutex<[String]>([])
    private static let most = 2
    static let suffix = ".spare"

    var count: Int { paths.withLock { $0.count } }

    /// Takes the file of a segment; false where it is not wanted, and stays where it is.
    func keep(_ path: String) -> Bool {
        let kept = path + Self.suffix
        return paths.withLock { paths in
            guard paths.count < Self.most, rename(path, kept) == 0 else { return false }
            paths.append(kept)
            return true
        }
    }

    /// Gives a file away under a new name; false where there is none.
    func take(as path: String) -> Bool {
        guard let kept = paths.withLock({ $0.popLast() }) else { return false }
        if rename(kept, path) == 0 { return true }
        unlink(kept)
        return false
    }
}
