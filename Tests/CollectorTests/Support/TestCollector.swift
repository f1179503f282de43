import CoreIngest
import Logging
import TestServers

@testable import Collector

/// A collector without a pipeline: what it took lies in its spool.
final class TestCollector: Sendable {
    let spool: Spool
    let server: CollectorServer
    let metrics = MetricsRegistry()
    private let folder: TemporaryFolder
    private let writing: Task<Void, Never>
    private let thread: ThreadExecutor

    init(
        _ change: (inout CollectorSettings) -> Void = { _ in },
        spool changeSpool: (inout SpoolSettings) -> Void = { _ in },
        handlers: [any ProtocolHandler] = [SelfDescribingHandler()], pages: [CollectorPage] = []
    ) async throws {
        folder = try TemporaryFolder("collector")
        var spoolSettings = SpoolSettings()
        changeSpool(&spoolSettings)
        let spool = try Spool(directory: folder.path + "/spool", settings: spoolSettings, logger: .quiet)
        self.spool = spool
        let thread = ThreadExecutor(name: "spool")
        thread.start()
        self.thread = thread
        writing = Task(executorPreference: thread) { await spool.run() }
        var settings = CollectorSettings()
        settings.port = 0
        change(&settings)
        server = try await CollectorServer.bind(
            settings, handlers: handlers, pages: pages, spool: spool, metrics: metrics, logger: .quiet,
            dryRun: { bytes in
                let count = bytes.withUnsafeBytes { CollectedEventSequence($0).reduce(0) { count, _ in count + 1 } }
                return .text(200, "tried \(count)")
            })
    }

    /// Ends it, and answers the payloads in its spool.
    @discardableResult
    func stop() async throws -> [String] {
        await server.drain(within: .seconds(20))
        spool.stop()
        await writing.value
        thread.stop()
        await server.close()
        return try payloads
    }

    var payloads: [String] {
        get throws {
            var reader = SpoolReader(spool, at: 0)
            var texts: [String] = []
            while let frame = try reader.next(damage: { texts.append($0) }) {
                for event in CollectedEventSequence(frame.events) {
                    texts.append(String(decoding: event[.payload], as: UTF8.self))
                }
            }
            return texts
        }
    }

    func client(seconds: Int = 20) throws -> HTTPConnection {
        guard let client = HTTPConnection(port: server.port, seconds: seconds) else {
            throw ChildProcess.Failure(description: "nobody listens")
        }
        return client
    }

    /// A self-describing event as a request.
    static func request(_ data: String, headers: String = "", version: String = "1.1") -> String {
        let body = "{\"payload\":{\"schema\":\"iglu:com.acme/a/jsonschema/1-0-0\",\"data\":\(data)}}"
        return "POST /self-describing HTTP/\(version)\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}
