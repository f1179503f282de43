import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// A server of a test's own, and sinks that write to it.
struct MySQLFixture {
    let server: MySQLServer
    let orders = ordersStream()

    init(_ kind: MySQLServer.Kind, settings: [String] = []) throws {
        server = try MySQLServer(kind, settings: settings)
    }

    func settings(_ mode: MySQLSinkSettings.Mode = .mirror, invalid: String? = nil) -> MySQLSinkSettings {
        MySQLSinkSettings(
            name: "copy", url: server.url, mode: mode, deadletterOutput: invalid, statementTimeout: .seconds(20),
            lockTimeout: .seconds(2))
    }

    func sink(_ mode: MySQLSinkSettings.Mode = .mirror, invalid: String? = nil) -> MySQLSink {
        MySQLSink(settings(mode, invalid: invalid), renderer: SampleEvents.renderer)
    }

    func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
        StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: columns.enumerated().map { .init(name: $1.0, sqlType: "", kind: $1.1, isKey: key.contains($0)) },
            keyColumns: key, schema: orders.schema, validator: nil)
    }

    /// Ends the sessions of the sinks.
    func interrupt() throws { try server.interrupt() }
}
