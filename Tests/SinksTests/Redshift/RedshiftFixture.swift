import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// A server of a test's own, and sinks that write to it.
struct RedshiftFixture {
    let server: RedshiftServer
    let orders = ordersStream()

    init() throws { server = try RedshiftServer() }

    func settings(_ mode: RedshiftSinkSettings.Mode = .mirror, invalid: String? = nil) -> RedshiftSinkSettings {
        RedshiftSinkSettings(
            name: "copy", url: server.url, mode: mode, deadletterOutput: invalid, connectTimeout: .seconds(5),
            statementTimeout: .seconds(20))
    }

    func sink(_ mode: RedshiftSinkSettings.Mode = .mirror, invalid: String? = nil) -> RedshiftSink {
        RedshiftSink(settings(mode, invalid: invalid), renderer: SampleEvents.renderer)
    }

    func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
        StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: columns.enumerated().map { .init(name: $1.0, sqlType: "", kind: $1.1, isKey: key.contains($0)) },
            keyColumns: key, schema: orders.schema, validator: nil)
    }
}
