import Glibc

/// Snowflake's REST APIs on loopback (`Emulators/snowflake_emulator.py`), with keys, tokens and faults.
package final class SnowflakeEmulator: @unchecked Sendable {
    // Safe to share: only `process` changes, between calls of the one test that restarts it.
    package let port: Int
    package let folder: TemporaryFolder
    private let arguments: [String]
    private var process: ChildProcess?

    /// The Python that has what it needs; nil where scripts/install.sh did not install it.
    package static let python: String? = {
        if let said = getenv("BUZ_SNOWFLAKE") { return "\(String(cString: said))/bin/python" }
        let home =
            getenv("XDG_CACHE_HOME").map { String(cString: $0) }
            ?? "\(getenv("HOME").map { String(cString: $0) } ?? "")/.cache"
        return ["/var/cache", home].map { "\($0)/buz-cdc/snowflake/bin/python" }.first { access($0, X_OK) == 0 }
    }()

    /// Whether tests can run; says aloud that they do not.
    package static let isInstalled: Bool = {
        if python != nil { return true }
        print("SKIPPED: what needs Snowflake's emulator: run scripts/install.sh test, or set BUZ_SNOWFLAKE")
        return false
    }()

    /// `requiresAuth`: keys and tokens are checked; otherwise any bearer passes.
    package init(requiresAuth: Bool = false) throws {
        folder = try TemporaryFolder("buzsnowflake")
        port = try freePort()
        guard let python = Self.python else { throw ChildProcess.Failure(description: "there is no emulator") }
        let here = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.startIndex))
        arguments =
            [
                python, "\(here)/Emulators/snowflake_emulator.py", "--port", "\(port)", "--data-dir",
                "\(folder.path)/data",
            ] + (requiresAuth ? ["--require-auth"] : [])
        try start()
    }

    deinit { kill9() }

    package func start() throws {
        let process = try ChildProcess(arguments, environment: ["PYTHONWARNINGS": "ignore"], folder: folder)
        self.process = process
        let port = port
        try eventually(within: 60, "Snowflake's emulator does not answer: \(process.errors)") {
            if let code = process.exitCode {
                throw ChildProcess.Failure(description: "ended \(code): \(process.errors)")
            }
            return httpGet(port: port, "/_control/health")?.status == 200
        }
    }

    package func kill9() { process?.stop(SIGKILL) }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// One request of the emulator's own: see `--help` of its file. Answers the body.
    @discardableResult
    package func control(_ method: String, _ path: String, _ body: String = "") throws -> String {
        try call(method, "/_control/\(path)", body)
    }

    /// A fault for requests whose path and query match: `more` is JSON members such as `"status":503`.
    package func fault(_ pattern: String, _ more: String) throws {
        try control("POST", "faults", "{\"path_regex\":\"\(pattern)\",\(more)}")
    }

    /// The first cells of a statement's rows, one line each; NULL is an empty cell. `database` is made when it is missing.
    package func sql(_ text: String, database: String = "DB") throws -> String {
        let statement = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ")
        let body = try call(
            "POST", "/api/v2/statements",
            "{\"statement\":\"\(statement)\",\"database\":\"\(database)\",\"schema\":\"PUBLIC\"}",
            headers: ["-H", "Authorization: Bearer test"])
        // Python, as the answer is JSON with escapes.
        let script = """
            import json,sys
            a=json.load(open(sys.argv[1]))
            if "data" not in a: sys.exit(a.get("message","no data"))
            for n in a["data"]: print("|".join("" if c is None else c for c in n))
            """
        let file = "\(folder.path)/answer-\(UInt64.random(in: 0 ... .max))"
        try writeText(body, to: file)
        defer { unlink(file) }
        let output = try ChildProcess.run([Self.python ?? "python3", "-c", script, file], folder: folder)
        return String(output.reversed().drop { $0 == "\n" }.reversed())
    }

    @discardableResult
    private func call(_ method: String, _ path: String, _ body: String, headers: [String] = []) throws -> String {
        try ChildProcess.run(
            ["curl", "-sS", "-m", "60", "-X", method, "-H", "content-type: application/json"] + headers
                + (body.isEmpty ? [] : ["--data-binary", body]) + ["\(url)\(path)"], folder: folder)
    }
}
