import CoreIngest
import TestServers
import Testing

@testable import Sinks

@Suite("Which source table a mirror is of")
struct TableOriginsTests {
    private func stream(_ schema: String) -> StreamDescriptor {
        StreamDescriptor(
            database: "", schemaName: schema, table: "orders",
            columns: [.init(name: "id", sqlType: "text", kind: .text)],
            keyColumns: [0], schema: ordersStream().schema, validator: nil)
    }

    @Test("The first table keeps it after a restart; a renamed input gets the mirrors that it had")
    func renamedInput() throws {
        let folder = try TemporaryFolder()
        let state = try StateStore(try StateDirectory(path: folder.path, exclusive: false))
        let (shop, store) = (identity("shop"), identity("store"))
        let (orders, other) = (stream("public"), stream("sales"))
        var origins = TableOrigins(state, sink: "replica")
        try origins.claim(ExactText("orders"), as: "orders", for: orders, of: shop)

        try TableOrigins.forget(inputsOtherThan: ["shop", "till"], in: state)
        origins = TableOrigins(state, sink: "replica")
        #expect(throws: TableRefusal.self) {
            try origins.claim(ExactText("orders"), as: "orders", for: other, of: shop)
        }
        #expect(throws: TableRefusal.self) {
            try origins.claim(ExactText("orders"), as: "orders", for: orders, of: store)
        }
        try origins.claim(ExactText("orders"), as: "orders", for: orders, of: shop)

        try TableOrigins.forget(inputsOtherThan: ["store"], in: state)
        origins = TableOrigins(state, sink: "replica")
        try origins.claim(ExactText("orders"), as: "orders", for: orders, of: store)
    }

    private func identity(_ input: String) -> SourceIdentity {
        SourceIdentity(name: input, systemIdentifier: 1, generation: 0)
    }
}
