import CoreIngest
import HTTPClient
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// A sink on a database of its own at the emulator that all tests share, unless one wants another.
struct SnowflakeFixture {
    private static let started = Result { try SnowflakeEmulator() }

    let emulator: SnowflakeEmulator
    let database: String
    let folder: TemporaryFolder

    init(_ emulator: SnowflakeEmulator? = nil) throws {
        self.emulator = try emulator ?? Self.started.get()
        database = "T\(UInt32.random(in: 0 ... .max))"
        folder = try TemporaryFolder("buzsnow")
        try writeText("any-token\n", to: "\(folder.path)/token")
    }

    func settings(_ mode: SnowflakeSinkSettings.Mode = .events) -> SnowflakeSinkSettings {
        var settings = SnowflakeSinkSettings(
            name: "warehouse",
            account: .init(
                account: "org-acct", url: emulator.url, user: "BUZ", identity: .oauth(file: "\(folder.path)/token")),
            session: StatementSettings(database: database, schema: "PUBLIC", warehouse: "WH", role: nil), mode: mode)
        settings.commitTimeout = .seconds(20)
        // Merged when it is closed, or asked to.
        settings.merge.interval = .milliseconds(100)
        return settings
    }

    static func client() -> HTTPClient {
        var settings = HTTPClient.Settings()
        settings.proxy = .none
        return HTTPClient(settings)
    }

    func sink(
        _ mode: SnowflakeSinkSettings.Mode = .events, metrics: MetricsRegistry? = nil,
        _ change: (inout SnowflakeSinkSettings) -> Void = { _ in }
    ) -> SnowflakeSink {
        var settings = settings(mode)
        change(&settings)
        return SnowflakeSink(settings, renderer: SampleEvents.renderer, client: Self.client(), metrics: metrics)
    }

    func sql(_ text: String) throws -> String { try emulator.sql(text, database: database) }

    /// The payloads of the events in a table, in the order of their positions.
    func payloads(_ table: String = "EVENTS") throws -> [String] {
        try sql("SELECT to_json(EVENT:payload) FROM \(table) ORDER BY COMMIT_LSN, ORDINAL").split(separator: "\n").map(
            String.init)
    }
}

extension SnowflakeFixture {
    /// Ends every open channel of the database, as Snowflake does when it wants them opened again.
    func endChannels() throws {
        for row in try emulator.sql("SHOW CHANNELS").split(separator: "\n") {
            let cells = row.split(separator: "|", omittingEmptySubsequences: false)
            guard cells.count > 3, cells[1] == database else { continue }
            try emulator.control(
                "POST", "channels/invalidate",
                "{\"database\":\"\(cells[1])\",\"schema\":\"\(cells[2])\",\"pipe\":\"\(cells[3])\",\"channel\":\"\(cells[0])\"}"
            )
        }
    }
}
