import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// A server of a test's own, and sinks that write to it.
struct MaterializeFixture {
    let server: MaterializeServer
    let orders = ordersStream()

    init() throws { server = try MaterializeServer() }

    func settings(_ mode: MaterializeSinkSettings.Mode = .mirror) -> MaterializeSinkSettings {
        var settings = MaterializeSinkSettings(name: "live", url: server.url, mode: mode)
        settings.statementTimeout = .seconds(20)
        return settings
    }

    func sink(_ mode: MaterializeSinkSettings.Mode = .mirror) -> MaterializeSink {
        MaterializeSink(settings(mode), renderer: SampleEvents.renderer)
    }

    func sink(_ change: (inout MaterializeSinkSettings) -> Void) -> MaterializeSink {
        var settings = settings()
        change(&settings)
        return MaterializeSink(settings, renderer: SampleEvents.renderer)
    }

    func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
        StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: columns.enumerated().map { .init(name: $1.0, sqlType: "", kind: $1.1, isKey: key.contains($0)) },
            keyColumns: key, schema: orders.schema, validator: nil)
    }
}
