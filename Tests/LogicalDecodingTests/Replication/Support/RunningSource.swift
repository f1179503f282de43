import CoreIngest
import Logging
import Synchronization
import TestServers

@testable import LogicalDecoding

/// A source that runs against a test's server, with what it handed over.
final class RunningSource: Sendable {
    let intake: RecordingIntake
    let source: PostgresSource
    private let ending = Ending()

    private final class Ending: Sendable {
        let value = Mutex<Result<Void, SourceError>?>(nil)
    }

    init(
        _ server: PostgresServer, intake: RecordingIntake = RecordingIntake(), checkpoints: MemoryCheckpoints,
        change: (inout PostgresSourceSettings) -> Void = { _ in }
    ) throws {
        var settings = Self.settings(server)
        change(&settings)
        self.intake = intake
        source = try PostgresSource(
            settings: settings, intake: intake, checkpoints: checkpoints, streams: Self.descriptor,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        intake.attach(source)
        // Not through a task: tests that wait would starve it of threads.
        source.start { [ending] result in ending.value.withLock { $0 = result } }
    }

    static func settings(_ server: PostgresServer) -> PostgresSourceSettings {
        PostgresSourceSettings(name: "test", url: server.url(), slot: "buz_test", publication: "buz_test")
    }

    static let descriptor: StreamFactory = { shape in
        guard
            let schema = SchemaName(
                vendor: "com.example", name: SchemaName.part(from: "\(shape.schema)_\(shape.table)"), version: .first)
        else { return nil }
        return StreamDescriptor(
            database: shape.database, schemaName: shape.schema, table: shape.table, columns: shape.columns,
            keyColumns: shape.keyColumns, schema: schema, validator: nil)
    }

    var status: SourceStatus { source.status }

    /// Waits until it streams.
    @discardableResult
    func streaming(within seconds: Double = 30) throws -> Self {
        try eventually(within: seconds, "not streaming: \(status)") {
            status.state == .streaming || status.state == .failed
        }
        if status.state == .failed { throw status.lastError ?? SourceError(.stopped, "no reason") }
        return self
    }

    /// Waits until everything that the server had written when this was called is handed over.
    func caughtUp(within seconds: Double = 60) throws {
        try streaming(within: seconds)
        let end = try source.currentLogEnd()
        try eventually(within: seconds, "not caught up to \(end): \(status)") { source.isCaughtUp(to: end) }
    }

    /// Stops it gracefully and waits for its end.
    func stop(within seconds: Double = 30) throws {
        source.stop()
        try eventually(within: seconds, "has not stopped: \(status)") { ending.value.withLock { $0 != nil } }
        try ending.value.withLock { $0 }?.get()
    }

    /// Waits for it to end by itself, and answers why.
    func failure(within seconds: Double = 30) throws -> SourceError? {
        try eventually(within: seconds, "has not failed: \(status)") { status.state == .failed }
        return status.lastError
    }
}

/// Work on a thread of its own, beside the test.
final class Background: Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)

    init(_ work: @escaping @Sendable () throws -> Void) throws {
        try OwnThread.start(name: "background") { [self] in
            let ended = Result { try work() }
            result.withLock { $0 = ended }
        }
    }

    func wait(within seconds: Double = 60) throws {
        try eventually(within: seconds, "still at work") { result.withLock { $0 != nil } }
        try result.withLock { $0 }?.get()
    }
}

extension PostgresServer {
    /// Rows of a table as a mirror would hold them, by the JSON of their key `id`.
    func rows(of table: String) throws -> [String: String] {
        var rows: [String: String] = [:]
        for line in try sql("SELECT id || '|' || row_to_json(t)::text FROM \(table) t").split(separator: "\n") {
            guard let bar = line.firstIndex(of: "|") else { continue }
            rows["{\"id\":\(line[..<bar])}"] = String(line[line.index(after: bar)...])
        }
        return rows
    }
}
