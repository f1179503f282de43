import CoreIngest
import Glibc
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// Every sink passes the shared suite, on a real destination.
@Suite(.timeLimit(.minutes(2))) struct ConformanceTests {
    /// What is left of an event where only its payload is stored.
    private func payloadOnly(_ payload: String) -> RecordedEvent {
        var record = EventRecord()
        record.operation = .none
        var batches = TestBatch()
        let batch = batches.transaction([])
        var event = RecordedEvent(record, of: batch)
        event.payload = payload
        return event
    }

    private func lines(_ text: String) -> [RecordedEvent] {
        text.split(separator: "\n").map { payloadOnly(String($0)) }
    }

    @Test func fileSink() async throws {
        let fixture = try FileSinkFixture()
        var suite = SinkConformance(
            make: { try fixture.sink() },
            read: {
                lines(names(in: fixture.path).filter { $0.hasSuffix(".ndjson") }.map(fixture.text).joined())
            },
            keeps: { $0.map { payloadOnly($0.payload) } })
        try await suite.all()
    }

    @Test func stdoutSink() async throws {
        let folder = try TemporaryFolder("stdout")
        let path = "\(folder.path)/lines"
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var suite = SinkConformance(
            make: {
                StdoutSink(
                    name: "screen", settings: StdoutSink.Settings(format: .row, timeLimit: 20),
                    renderer: SampleEvents.renderer, descriptor: descriptor, environment: { _ in nil })
            },
            read: { lines(readText(path)) }, keeps: { $0.map { payloadOnly($0.payload) } })
        try await suite.all()
    }

    @Test func blackholeSink() async throws {
        var suite = SinkConformance(
            make: { BlackholeSink(name: "nothing", settings: .init(render: true), renderer: SampleEvents.renderer) },
            read: { [] }, keeps: { _ in [] })
        try await suite.all()
    }

    private func interrupt(_ database: TestDatabase) throws {
        try database.sql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }

    @Test func postgresEvents() async throws {
        let database = try SharedPostgres.database()
        var suite = SinkConformance(
            make: { testSink(database, mode: .events) },
            read: {
                lines(
                    try database.sql(
                        """
                        SELECT '{"id":' || (envelope->'payload'->>'id') || ',"note":' || (envelope->'payload'->'note')::text || '}'
                        FROM events ORDER BY commit_lsn, ordinal
                        """))
            },
            keeps: { $0.map { payloadOnly($0.payload) } }, interrupt: { try interrupt(database) })
        try await suite.all()
    }

    @Test func postgresMirror() async throws {
        let database = try SharedPostgres.database()
        var suite = SinkConformance(
            make: { testSink(database) },
            read: {
                lines(
                    try database.sql(
                        "SELECT '{\"id\":' || id || ',\"note\":' || to_json(note)::text || '}' FROM items ORDER BY id"))
            },
            keeps: { events in
                // The last state of each row.
                var rows: [String: String] = [:]
                for event in events { rows[event.key] = event.payload }
                func id(_ key: String) -> Int { Int(key.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0 }
                return rows.sorted { id($0.key) < id($1.key) }.map { payloadOnly($0.value) }
            }, interrupt: { try interrupt(database) })
        try await suite.keepsOrder()
        try await suite.takesLargeEvents()
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
    }
}
