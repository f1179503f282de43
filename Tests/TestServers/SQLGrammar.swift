import Glibc

/// sqlfluff, whose grammars of dialects are somebody else's: a second judge of statements for servers that cannot be had here.
package enum SQLGrammar {
    /// The program of `scripts/install.sh test`; nil where it is not installed.
    package static let program: String? = {
        // Where it is said, it must be there: only a run without scripts/test.sh may skip.
        if let said = getenv("BUZ_SQLFLUFF") { return "\(String(cString: said))/bin/sqlfluff" }
        let home =
            getenv("XDG_CACHE_HOME").map { String(cString: $0) }
            ?? "\(getenv("HOME").map { String(cString: $0) } ?? "")/.cache"
        return ["/var/cache", home].map { "\($0)/buz-cdc/sqlfluff/bin/sqlfluff" }.first { access($0, X_OK) == 0 }
    }()

    package static var isInstalled: Bool {
        if program == nil { print("SKIPPED: no sqlfluff: run scripts/install.sh test") }
        return program != nil
    }

    /// Those statements that a dialect's grammar does not read, each with what it says.
    package static func unreadable(_ statements: [String], dialect: String) throws -> [String] {
        guard let program else { return [] }
        let folder = try TemporaryFolder("buzsqlfluff")
        let file = "\(folder.path)/statements.sql"
        // One line each, so that the line says which.
        let lines = statements.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
        try writeText(lines.map { $0 + ";\n" }.joined(), to: file)
        let process = try ChildProcess(
            [program, "parse", "--dialect", dialect, "--nocolor", file],
            environment: ["LC_ALL": "C.UTF-8"], folder: folder)
        let code = try process.wait(seconds: 300)
        let found = process.output.split(separator: "\n").filter { $0.contains("|  PRS |") }
        if code != 0, found.isEmpty {
            throw ChildProcess.Failure(description: "sqlfluff failed: \(process.output.suffix(500))\(process.errors)")
        }
        return found.map { line in
            let number = line.split(whereSeparator: { " |".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0
            return "\(lines.indices.contains(number - 1) ? lines[number - 1] : ""): \(line)"
        }
    }
}
