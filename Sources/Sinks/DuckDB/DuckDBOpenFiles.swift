import Glibc
import Synchronization

/// The files that this process has open. DuckDB's locks hold off other processes only, and two of its databases on one file would
/// destroy it.
enum DuckDBOpenFiles {
    /// That nobody else in this process has the file.
    struct Place: Sendable {
        fileprivate var name: String
    }

    private static let names = Mutex<Set<String>>([])

    static func take(_ path: String, until end: ContinuousClock.Instant) throws(DuckDBFailure) -> Place {
        let name = name(of: path)
        while !names.withLock({ $0.insert(name).inserted }) {
            guard ContinuousClock().now < end else {
                throw DuckDBFailure(.locked, "\(path) is in use by another sink: it is written once that is at rest")
            }
            usleep(5_000)
        }
        return Place(name: name)
    }

    static func giveBack(_ place: Place) { names.withLock { _ = $0.remove(place.name) } }

    /// The same for every way to write the path; of a file that is not there yet, by its folder.
    private static func name(of path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let real = realpath(folder, nil) else { return path }
        defer { free(real) }
        return "\(String(cString: real))/\(slash.map { path[path.index(after: $0)...] } ?? path[...])"
    }
}
