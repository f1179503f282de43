import Glibc

/// ClickHouse's engine behind its HTTP interface, on a loopback port: see Tests/Servers/clickhouse.py. It has a database `shop`.
package final class ClickHouseServer: @unchecked Sendable {
    // Safe to share: only `process` changes, by the one test that uses it.
    package let folder: TemporaryFolder
    package let port: Int
    package let user = "buz"
    package let password = "secret word"
    private var process: ChildProcess

    /// The interpreter that has `chdb`, installed by scripts/install.sh; nil where nobody says. scripts/test.sh does.
    package static let interpreter: String? = {
        // Where it is said, it must be there: only a run without scripts/test.sh may skip.
        getenv("BUZ_CLICKHOUSE").map { "\(String(cString: $0))/bin/python" }
    }()

    /// Whether it can be started here; says so where it cannot.
    package static var isInstalled: Bool {
        if interpreter == nil { print("SKIPPED: no ClickHouse: run scripts/install.sh test and set BUZ_CLICKHOUSE") }
        return interpreter != nil
    }

    package init() throws {
        folder = try TemporaryFolder("buzclickhouse")
        port = try freePort()
        process = try Self.start(folder, port, user, password)
        try waitReady()
        _ = try ask("CREATE DATABASE IF NOT EXISTS shop ENGINE = Atomic")
    }

    deinit { process.stop(SIGKILL) }

    private static func start(_ folder: TemporaryFolder, _ port: Int, _ user: String, _ password: String) throws
        -> ChildProcess
    {
        guard let interpreter else { throw ChildProcess.Failure(description: "ClickHouse is not installed") }
        // Tests/TestServers/THIS: two steps up.
        var root = #filePath[...]
        for _ in 0..<2 { root = root[..<(root.lastIndex(of: "/") ?? root.startIndex)] }
        return try ChildProcess(
            [interpreter, "\(root)/Servers/clickhouse.py", "\(port)", "\(folder.path)/data", user, password],
            folder: folder)
    }

    private func waitReady() throws {
        try eventually(within: 60, "ClickHouse does not answer: \(process.errors)") { (try? ask("SELECT 1")) == "1" }
    }

    /// Ends it at once, as a crash would.
    package func kill9() { process.stop(SIGKILL) }

    package func restart() throws {
        process = try Self.start(folder, port, user, password)
        try waitReady()
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Runs a statement; rows are lines, columns divided by tabs.
    @discardableResult
    package func ask(_ sql: String) throws -> String { try post("/", sql) }

    /// The next statements that begin with a word fail: see Tests/Servers/clickhouse.py.
    package func fail(_ kind: String, count: Int = 1, only: String = "") throws {
        _ = try post("/fault?kind=\(kind)&count=\(count)&only=\(only)", "")
    }

    package func changePassword(to password: String) throws { _ = try post("/password?to=\(password)", "") }

    private func post(_ path: String, _ body: String) throws -> String {
        guard let answer = HTTPConnection(port: port)?.post(body, to: path) else {
            throw ChildProcess.Failure(description: "no answer from ClickHouse: \(process.errors.suffix(500))")
        }
        guard answer.status == 200 else { throw ChildProcess.Failure(description: answer.body) }
        return answer.body.hasSuffix("\n") ? String(answer.body.dropLast()) : answer.body
    }
}
