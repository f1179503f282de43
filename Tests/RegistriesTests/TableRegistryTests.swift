import CoreIngest
import Glibc
import SinkTesting
import TestServers
import Testing

@testable import Registries

@Suite(
    "Schemas in a table of Postgres", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: !PostgresServer.installed.isEmpty, "Postgres is not installed"))
struct TableRegistryTests {
    @Test("It passes the conformance suite, in a schema that it makes itself")
    func conformance() throws {
        let server = try PostgresServer()
        let registry = TableRegistry(url: server.url(), table: "buz \"x\".schemas", timeout: .seconds(10))
        for failure in try RegistryConformance.failures(registry) { Issue.record("\(failure)") }
    }

    @Test("A server that goes and comes back is connected to again; no message has the password")
    func outages() throws {
        let server = try PostgresServer()
        let url = server.url().replacing("postgres@", with: "postgres:s3cr3t@")
        let registry = TableRegistry(url: url, table: "schemas", timeout: .milliseconds(500))
        let name = try schemaName("iglu:com.acme/a/jsonschema/1-0-0")
        #expect(try registry.text(of: name) == nil)
        try registry.publish(Array("{}".utf8), as: name)
        try server.restart("immediate")
        #expect(try registry.text(of: name) == Array("{}".utf8))
        try server.stop()
        let down = #expect(throws: SchemaError.self) { try registry.text(of: name) }
        #expect(down?.code == .unavailable)
        #expect(down?.message.contains("s3cr3t") == false)
        #expect(down?.message.contains("\n") == false)
        try server.start()
        #expect(try registry.text(of: name) == Array("{}".utf8))
    }

    @Test(
        "No message has a part of a connection string that cannot be read",
        arguments: [
            "postgres://u:s3cr3t@[bad", "postgres://u:s3/cr3t@127.0.0.1", "postgres://u:p@s3cr3t@127.0.0.1/a", "s3cr3t",
        ])
    func secrecy(url: String) throws {
        let registry = TableRegistry(url: url, table: "schemas", timeout: .seconds(2))
        let error = #expect(throws: SchemaError.self) { try registry.text(of: schemaName("com.acme/a/v1")) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("s3") == false)
    }

    @Test(
        "A role that may only read publishes nothing, one that may insert does, and what is no schema is not taken for one"
    )
    func permissions() throws {
        let server = try PostgresServer()
        let name = try schemaName("iglu:com.acme/a/jsonschema/1-0-0")
        try TableRegistry(url: server.url(), table: "schemas", timeout: .seconds(10)).publish(
            Array("{}".utf8), as: name)
        try server.sql(
            """
            create role reader login; create role writer login; grant select on schemas to reader;
            grant select, insert on schemas to writer; revoke create on schema public from public
            """)
        let reader = TableRegistry(
            url: server.url().replacing("postgres@", with: "reader@"), table: "schemas", timeout: .seconds(10))
        #expect(try reader.text(of: name) == Array("{}".utf8))
        let next = try schemaName("iglu:com.acme/a/jsonschema/1-0-1")
        let error = #expect(throws: SchemaError.self) { try reader.publish(Array("{}".utf8), as: next) }
        #expect(error?.code == .denied)
        let writer = TableRegistry(
            url: server.url().replacing("postgres@", with: "writer@"), table: "schemas", timeout: .seconds(10))
        try writer.publish(Array("{}".utf8), as: next)
        #expect(try reader.text(of: next) == Array("{}".utf8))
        try server.sql(
            """
            insert into schemas values ('com.acme', 'bad', 'jsonschema', '1-0-0', '[1]');
            insert into schemas values ('com.acme', 'big', 'jsonschema', '1-0-0', to_json(repeat('x', 5000000)))
            """)
        #expect(throws: SchemaError.self) { try reader.text(of: schemaName("com.acme/bad/v1")) }
        let big = #expect(throws: SchemaError.self) { try reader.text(of: schemaName("com.acme/big/v1")) }
        #expect(big?.code == .tooLarge)
    }
}
