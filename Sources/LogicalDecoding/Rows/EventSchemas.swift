package import CoreIngest

/// Schemas of what is not a row of a table.
package enum EventSchemas {
    /// Payload of a logical message: `{"prefix":…,"content":…}`.
    package static let message = name("message")
    /// Context of a truncate with options: `{"cascade":…,"restartIdentity":…}`.
    package static let truncate = name("truncate")

    private static func name(_ name: String) -> SchemaName {
        guard let schema = SchemaName(vendor: "io.silverton.buz", name: name, version: .first) else {
            preconditionFailure("\(name) is not a schema's name")
        }
        return schema
    }
}
