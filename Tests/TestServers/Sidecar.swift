import Glibc

/// The built program, run against a test's own Postgres: start, kill, start again, and what it wrote.
package final class Sidecar: @unchecked Sendable {
    // Safe to share: used by one test at a time; only `process` changes, between calls.
    package let folder: TemporaryFolder
    package let configuration: String
    package let operationsPort: Int
    package private(set) var process: ChildProcess?

    /// The program under test: `BUZ_BINARY`, else the one beside the test bundle.
    package static var binary: String {
        if let path = getenv("BUZ_BINARY") { return String(cString: path) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let besideRunner = own.split(separator: "/").dropLast().joined(separator: "/")
        for candidate in ["/\(besideRunner)/buz-cdc", ".build/debug/buz-cdc"] where access(candidate, X_OK) == 0 {
            return candidate
        }
        return ".build/debug/buz-cdc"
    }

    /// `input` and `sinks` are YAML: the lines below `postgres: - name: shop, url: …` and below `sinks:`, indented as here; `OUT` in
    /// `sinks` stands for ``outputFolder``.
    package init(
        url: String, tables: String = "[\"public.*\"]", input: String = "", sinks: String, more: String = ""
    ) throws {
        folder = try TemporaryFolder("buzside")
        let sinks = sinks.replacing("OUT", with: "\(folder.path)/out")
        chmod(folder.path, 0o755)
        operationsPort = try freePort()
        configuration = "\(folder.path)/buz.yaml"
        let text = """
            version: 1
            app:
              name: test
              env: test
              stateDir: \(folder.path)/state
            inputs:
              postgres:
                - name: shop
                  url: "\(url)"
                  slot: buz_shop
                  publication: buz_shop
                  tables: \(tables)
                  schemas: {vendor: com.acme.shop}
            \(input.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }.joined(separator: "\n"))
            operations: {host: 127.0.0.1, port: \(operationsPort)}
            sinks:
            \(sinks.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n"))
            \(more)
            """
        try writeText(text, to: configuration)
    }

    /// An instance with HTTP inputs alone, on ``operationsPort`` or a `port` of their own. `inputs`, `http` and `sinks` are the YAML
    /// below those keys.
    package init(
        collector inputs: String, http: String = "", port: Int? = nil, sinks: String, more: String = ""
    ) throws {
        folder = try TemporaryFolder("buzside")
        operationsPort = try freePort()
        configuration = "\(folder.path)/buz.yaml"
        func indented(_ text: String) -> String {
            text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        }
        let text = """
            version: 1
            app:
              name: test
              env: test
              stateDir: \(folder.path)/state
            inputs:
            \(indented(inputs))
            http:
              port: \(port ?? operationsPort)
            \(indented(http))
            operations: {port: \(operationsPort)}
            sinks:
            \(indented(sinks.replacing("OUT", with: "\(folder.path)/out")))
            \(more)
            """
        try writeText(text, to: configuration)
    }

    /// The same instance, with its folder and state, and a configuration in which one text is another.
    package init(like other: Sidecar, replacing old: String, with new: String) throws {
        folder = other.folder
        operationsPort = other.operationsPort
        configuration = other.configuration + ".other.yaml"
        try writeText(readText(other.configuration).replacing(old, with: new), to: configuration)
    }

    deinit { process?.stop(SIGKILL) }

    /// The configuration's text for a file sink named `lake` in the test's folder.
    package static let fileSink = "- {name: lake, type: file, path: OUT, defaultOutput: events}"

    package var outputFolder: String { "\(folder.path)/out" }

    package func start(_ arguments: [String] = []) throws {
        process = try ChildProcess([Self.binary, "run", "--config", configuration] + arguments, folder: folder)
    }

    /// Starts and waits until the program says that it is ready.
    package func startReady(seconds: Double = 60) throws {
        try start()
        try waitReady(seconds: seconds)
    }

    package func waitReady(seconds: Double = 60) throws {
        try eventually(within: seconds, "not ready: \(get("/health/ready").map { "\($0)" } ?? "no answer"); \(errors)")
        {
            if let code = process?.exitCode { throw ChildProcess.Failure(description: "ended with \(code): \(errors)") }
            return get("/health/ready")?.status == 200
        }
    }

    /// Runs until everything that was there is delivered; throws when it does not end well.
    package func runUntilIdle(_ idle: Double = 1, seconds: Double = 180) throws {
        try start(["--until-idle", "\(idle)"])
        guard let process else { return }
        let code = try process.wait(seconds: seconds)
        guard code == 0 else { throw ChildProcess.Failure(description: "run --until-idle exited \(code): \(errors)") }
    }

    /// `kill -9`.
    package func kill9() { process?.stop(SIGKILL) }

    /// SIGTERM, and waits for the end. Answers the exit code.
    @discardableResult
    package func terminate(seconds: Double = 30) throws -> Int32 {
        process?.stop(SIGTERM)
        return try process?.wait(seconds: seconds) ?? 0
    }

    package func get(_ path: String) -> (status: Int, body: String)? { httpGet(port: operationsPort, path) }

    /// The value of a metric whose line begins with `prefix` (name and labels); nil when there is none.
    package func metric(_ prefix: String) -> Double? {
        guard let body = get("/metrics")?.body else { return nil }
        for line in body.split(separator: "\n") where line.hasPrefix(prefix) {
            return line.split(separator: " ").last.flatMap { Double($0) }
        }
        return nil
    }

    /// Runs another command of the program to its end.
    package func command(_ arguments: [String], seconds: Double = 60) throws -> (
        code: Int32, output: String, errors: String
    ) {
        let child = try ChildProcess([Self.binary] + arguments, folder: folder)
        let code = try child.wait(seconds: seconds)
        return (code, child.output, child.errors)
    }

    /// What it wrote to its log, the end of it.
    package var errors: String { String(process?.errors.suffix(4000) ?? "") }

    /// Files that an output has, in the order of writing.
    package func files(_ output: String = "events") -> [String] {
        var names: [String] = []
        if let listing = opendir(outputFolder) {
            while let entry = readdir(listing) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name.hasPrefix(output) { names.append("\(outputFolder)/\(name)") }
            }
            closedir(listing)
        }
        return names.sorted()
    }

    /// Whole lines of an output, in the order of writing.
    package func lines(_ output: String = "events") -> [Substring] {
        files(output).flatMap { readText($0).split(separator: "\n") }
    }
}
