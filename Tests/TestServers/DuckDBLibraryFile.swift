import Glibc

/// Where scripts/install.sh keeps DuckDB's library for tests.
package enum DuckDBLibraryFile {
    /// The oldest that the sink takes, and a new one. One process loads one of them: they are not made to be side by side.
    package static let oldest = "1.1.3"
    package static let newest = "2.0.0"

    /// The folder of the versions; nil where nobody says. scripts/test.sh does.
    private static let folder: String? = getenv("BUZ_DUCKDB").map { String(cString: $0) }

    /// Whether there is one; says so where there is none.
    package static var isInstalled: Bool {
        // Where it is said, it must be there: only a run without scripts/test.sh may skip.
        if folder == nil { print("SKIPPED: no DuckDB: run scripts/install.sh test and set BUZ_DUCKDB") }
        return folder != nil
    }

    package static func path(_ version: String = newest) -> String { "\(folder ?? "")/\(version)/libduckdb.so" }
}
