import Glibc

/// local-bigquery, with change data capture and faults (`Emulators/bigquery.py`), of the project `test-project`.
package final class BigQueryEmulator: Sendable {
    package static let project = "test-project"
    package let port: Int
    package let storagePort: Int
    private let folder: TemporaryFolder
    private let process: ChildProcess

    /// The Python that has it; nil where scripts/install.sh could not install it.
    package static let python: String? = {
        let root = getenv("BUZ_BIGQUERY").map { String(cString: $0) } ?? "\(cacheFolder)/bigquery"
        let python = "\(root)/bin/python"
        return access("\(root)/bin/local-bigquery", X_OK) == 0 ? python : nil
    }()

    /// Whether tests can run; says aloud that they do not.
    package static let isInstalled: Bool = {
        if python != nil { return true }
        print("SKIPPED: what needs BigQuery's emulator: scripts/install.sh test, where there is a python3.13")
        return false
    }()

    private static var cacheFolder: String {
        if geteuid() == 0 { return "/var/cache/buz-cdc" }
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        return getenv("XDG_CACHE_HOME").map { "\(String(cString: $0))/buz-cdc" } ?? "\(home)/.cache/buz-cdc"
    }

    package init() throws {
        folder = try TemporaryFolder("buzbigquery")
        port = try freePort()
        storagePort = try freePort()
        guard let python = Self.python else { throw ChildProcess.Failure(description: "there is no emulator") }
        let here = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.startIndex))
        process = try ChildProcess(
            [python, "\(here)/Emulators/bigquery.py", "\(port)", "\(storagePort)", "\(folder.path)/data"],
            folder: folder)
        let process = process
        let port = port
        try eventually("BigQuery's emulator does not answer: \(process.errors)") {
            httpGet(port: port, "/_seen") != nil
        }
    }

    package func makeDataset(_ name: String) throws {
        try call(
            "POST", "/bigquery/v2/projects/\(Self.project)/datasets",
            #"{"datasetReference":{"projectId":"\#(Self.project)","datasetId":"\#(name)"}}"#)
    }

    deinit { stop() }

    package func stop() {
        process.stop(SIGKILL)
        _ = try? process.wait(seconds: 10)
    }

    package var endpoint: String { "http://127.0.0.1:\(port)" }
    package var storageEndpoint: String { "http://127.0.0.1:\(storagePort)" }

    /// The answer's body.
    @discardableResult
    package func call(_ method: String, _ path: String, _ body: String = "") throws -> String {
        try ChildProcess.run(
            [
                "curl", "-sS", "-X", method, "-H", "content-type: application/json", "--data-binary", body,
                "http://127.0.0.1:\(port)\(path)",
            ], folder: folder)
    }

    /// `content`: see `Emulators/bigquery.py`.
    package func setFaults(_ content: String) throws { try call("POST", "/_faults", content) }

    /// `what`: `forget`, `finalize` or `lose`, see `Emulators/bigquery.py`.
    package func streams(_ what: String) throws { try call("POST", "/_streams", #"{"do":"\#(what)"}"#) }

    /// How many calls of a kind came.
    package func seen(_ kind: String) throws -> Int {
        let text = try call("GET", "/_seen")
        guard let range = text.firstRange(of: "\"\(kind)\": ") else { return 0 }
        return Int(text[range.upperBound...].prefix { $0.isNumber }) ?? 0
    }

    /// The first column of a query's rows, as texts; NULL is `NULL`.
    package func column(_ sql: String) throws -> [String] { try rows(sql).map { $0.first ?? "" } }

    /// A query's rows. Read with Python, as a second opinion on what the sink reads.
    package func rows(_ sql: String) throws -> [[String]] {
        guard let python = Self.python else { return [] }
        let script = """
            import json, sys, urllib.request
            body = json.dumps({"query": sys.argv[2], "useLegacySql": False, "maxResults": 100000}).encode()
            request = urllib.request.Request(sys.argv[1], body, {"content-type": "application/json"})
            answer = json.load(urllib.request.urlopen(request))
            for row in answer.get("rows", []):
                print(*["NULL" if f["v"] is None else str(f["v"]).replace("\\t", " ").replace("\\n", " ") for f in row["f"]], sep="\\t")
            """
        let text = try ChildProcess.run(
            [
                python, "-c", script, "\(endpoint)/bigquery/v2/projects/\(Self.project)/queries", sql,
            ], folder: folder)
        return text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
