import CoreIngest
import SinkTesting
import TestServers

@testable import Sinks

/// A database file in a folder of its own.
final class DuckDBFixture {
    let folder: TemporaryFolder
    let path: String
    let library: DuckDBLibrary

    init(in subfolder: String = "") throws {
        folder = try TemporaryFolder("duckdb")
        path = "\(folder.path)\(subfolder)/shop.duckdb"
        library = try DuckDBLibrary.load(DuckDBLibraryFile.path())
    }

    func settings(_ mode: DuckDBSinkSettings.Mode = .mirror) -> DuckDBSinkSettings {
        var settings = DuckDBSinkSettings(name: "analysis", path: path, mode: mode)
        settings.rest = .zero
        return settings
    }

    func sink(
        _ mode: DuckDBSinkSettings.Mode = .mirror, _ change: (inout DuckDBSinkSettings) -> Void = { _ in }
    ) -> DuckDBSink {
        var settings = settings(mode)
        change(&settings)
        return DuckDBSink(settings, library: library, renderer: SampleEvents.renderer)
    }

    func connection(_ change: (inout DuckDBSinkSettings) -> Void = { _ in }) throws -> DuckDBConnection {
        var settings = settings()
        change(&settings)
        return try DuckDBConnection(library, settings, patience: .seconds(5))
    }

    /// The first column of the rows; NULL as `∅`.
    func rows(_ sql: String) throws -> [String] { try connection().texts(sql).map { $0.first?.flatMap { $0 } ?? "∅" } }

    func run(_ sql: String) throws { try connection().execute(sql) }
}
