import Glibc

/// Clients from PyPI, unmodified: those that applications use already.
package enum PythonClients {
    /// The Python that has them: of `scripts/install.sh test`. Nil where they are not installed.
    package static let python: String? = {
        // Where it is said, it must be there: only a run without scripts/test.sh may skip.
        if let said = getenv("BUZ_CLIENTS") { return "\(String(cString: said))/bin/python" }
        let home =
            getenv("XDG_CACHE_HOME").map { String(cString: $0) }
            ?? "\(getenv("HOME").map { String(cString: $0) } ?? "")/.cache"
        return ["/var/cache", home].map { "\($0)/buz-cdc/clients/bin/python" }.first { access($0, X_OK) == 0 }
    }()
}
