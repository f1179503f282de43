import CoreIngest
import Glibc
import HTTPClient
import Synchronization
import TestServers
import Testing

@testable import Sinks

/// All that needs BigQuery's emulator: one after the other, as they share one, and its faults are for all.
@Suite("BigQuery", .serialized, .enabled(if: BigQueryEmulator.isInstalled)) enum BigQueryTests {}

/// A dataset of a test's own.
struct BigQueryStand {
    let emulator: BigQueryEmulator
    let dataset: String

    private struct State {
        var emulator: BigQueryEmulator?
        var datasets = 0
    }

    private static let state = Mutex(State())

    init() throws {
        (emulator, dataset) = try Self.state.withLock { state in
            if state.emulator == nil {
                state.emulator = try BigQueryEmulator()
                atexit { BigQueryStand.state.withLock { $0.emulator?.stop() } }
            }
            state.datasets += 1
            guard let emulator = state.emulator else { throw ChildProcess.Failure(description: "no emulator") }
            let name = "test_\(state.datasets)"
            try emulator.makeDataset(name)
            try emulator.setFaults("{}")
            return (emulator, name)
        }
    }

    func settings(_ change: (inout BigQuerySinkSettings) -> Void = { _ in }) -> BigQuerySinkSettings {
        var settings = BigQuerySinkSettings(
            name: "warehouse", project: BigQueryEmulator.project, dataset: dataset, credentials: .anonymous,
            environment: GoogleEnvironment(now: { 0 }) { _ in nil })
        settings.endpoint = emulator.endpoint
        settings.storageEndpoint = emulator.storageEndpoint
        settings.requestTimeout = .seconds(20)
        settings.proxy = .none
        change(&settings)
        return settings
    }

    func sink(_ change: (inout BigQuerySinkSettings) -> Void = { _ in }) -> BigQuerySink {
        BigQuerySink(settings(change), renderer: SampleEvents.renderer)
    }

    /// A table's name in a query.
    func name(_ table: String) -> String { "`\(BigQueryEmulator.project).\(dataset).\(table)`" }

    /// Calls the API for a table, or for all where `table` is empty.
    func table(_ method: String, _ table: String, _ body: String = "") throws -> String {
        let path = "/bigquery/v2/projects/\(BigQueryEmulator.project)/datasets/\(dataset)/tables"
        return try emulator.call(method, table.isEmpty ? path : "\(path)/\(table)", body)
    }

    /// For tests that must not fail silently: the reason is part of the issue.
    func expectDelivered(_ outcome: WriteOutcome, _ location: SourceLocation = #_sourceLocation) {
        guard case .delivered = outcome else {
            Issue.record("not delivered: \(outcome)", sourceLocation: location)
            return
        }
    }
}
