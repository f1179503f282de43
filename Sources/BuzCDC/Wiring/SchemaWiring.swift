import CoreIngest
import LogicalDecoding
import Logging

/// Gives each input a catalog that derives its tables' schemas, and all of them one cache of the registry's contracts.
struct SchemaWiring: Sendable {
    let contracts: SchemaCache
    /// By the input's name.
    let catalogs: [String: SchemaCatalog]

    init(_ configuration: Configuration, store: StateStore, logger: Logger) throws {
        let registry: any SchemaRegistry =
            switch configuration.registry.backend {
            case .file(let path): DirectoryRegistry(path: path)
            }
        var settings = SchemaCache.Settings()
        settings.mostBytes = configuration.registry.maxBytes
        settings.timeToLive = Self.microseconds(configuration.registry.timeToLive)
        let start = ContinuousClock.now
        let contracts = SchemaCache(registry, settings: settings) { Self.microseconds(start.duration(to: .now)) }
        let versions = SchemaVersions(
            .init(read: { try store.read($0) }, write: { key, value in try store.write(key, value) }))
        var catalogs: [String: SchemaCatalog] = [:]
        for input in configuration.inputs.postgres {
            // The default is only the first part of the vendor: each database has its own.
            let vendor = input.schemaVendor == "local" ? nil : input.schemaVendor
            catalogs[input.name] = try SchemaCatalog(vendor: vendor, versions: versions, contracts: contracts) { line in
                logger.warning("\(line)", metadata: ["input": "\(input.name)"])
            }
        }
        self.contracts = contracts
        self.catalogs = catalogs
    }

    func streams(of input: PostgresInputConfiguration) -> StreamFactory {
        let catalog = catalogs[input.name]
        return { shape in
            catalog?.stream(
                database: shape.database, schema: shape.schema, table: shape.table, comment: shape.comment,
                columns: shape.columns, keyColumns: shape.keyColumns)
        }
    }

    func announcer(of input: PostgresInputConfiguration) -> SchemaAnnouncer {
        let catalog = catalogs[input.name]
        return { shape, first, source, isSnapshot in
            catalog?.announcement(
                database: shape.database, schema: shape.schema, table: shape.table, columns: shape.columns,
                keyColumns: shape.keyColumns, at: first, of: source, isSnapshot: isSnapshot)
        }
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let parts = duration.components
        return parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    }
}
