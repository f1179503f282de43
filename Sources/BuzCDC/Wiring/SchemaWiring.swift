import CoreIngest
import LogicalDecoding
import Logging

/// Gives each table its schema's name.
struct SchemaWiring: Sendable {
    init(_ configuration: Configuration, store: StateStore, logger: Logger) throws {}

    func streams(of input: PostgresInputConfiguration) -> StreamFactory {
        let vendor = input.schemaVendor
        return { shape in
            guard
                let schema = SchemaName(
                    vendor: vendor, name: SchemaName.part(from: shape.schema + "_" + shape.table), version: .first)
            else { return nil }
            return StreamDescriptor(
                database: shape.database, schemaName: shape.schema, table: shape.table, columns: shape.columns,
                keyColumns: shape.keyColumns, schema: schema, validator: nil)
        }
    }
}
