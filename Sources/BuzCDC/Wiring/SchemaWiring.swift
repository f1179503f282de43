import Collector
import CoreIngest
import LogicalDecoding
import Logging

/// Gives each input a catalog that derives its tables' schemas, and all of them one cache of the registry's contracts.
struct SchemaWiring: Sendable {
    let contracts: SchemaCache
    /// By the input's name.
    let catalogs: [String: SchemaCatalog]
    let publisher: SchemaPublisher?
    let upkeep: SchemaUpkeep

    init(_ configuration: Configuration, state: StateDirectory, store: StateStore, logger: Logger) throws {
        let backend = configuration.registry.backend
        let registry = try backend.registry()
        // A folder is on a disk already.
        let texts =
            backend.isRemote
            ? try SchemaStore(folder: try state.directory("schemas"), mostBytes: configuration.registry.maxBytes) : nil
        let notice: @Sendable (String) -> Void = { logger.notice("\($0)") }
        let warn: @Sendable (String) -> Void = { logger.warning("\($0)") }
        publisher =
            configuration.registry.publishes
            ? (registry as? any WritableSchemaRegistry).map { SchemaPublisher($0, notice: notice, warn: warn) } : nil
        // What the collector's protocols make themselves is described by schemas that come with the program.
        var settings = SchemaCache.Settings()
        settings.mostBytes = configuration.registry.maxBytes
        settings.timeToLive = Self.microseconds(configuration.registry.timeToLive)
        let start = ContinuousClock.now
        let contracts = SchemaCache(BuiltInRegistry(before: registry), settings: settings, store: texts) {
            Self.microseconds(start.duration(to: .now))
        }
        let versions = SchemaVersions(
            .init(read: { try store.read($0) }, write: { key, value in try store.write(key, value) }))
        var catalogs: [String: SchemaCatalog] = [:]
        for input in configuration.inputs.postgres {
            // The default is only the first part of the vendor: each database has its own.
            let vendor = input.schemaVendor == "local" ? nil : input.schemaVendor
            catalogs[input.name] = try SchemaCatalog(
                vendor: vendor, policy: input.schemaChanges, versions: versions, contracts: contracts,
                publisher: publisher,
                notice: { logger.notice("\($0)", metadata: ["input": "\(input.name)"]) },
                warn: { logger.warning("\($0)", metadata: ["input": "\(input.name)"]) })
        }
        self.contracts = contracts
        self.catalogs = catalogs
        upkeep = SchemaUpkeep(
            Array(catalogs.values), publisher: publisher, interval: configuration.registry.timeToLive)
    }

    /// The text of a schema that was derived or that the registry has. May block.
    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        for catalog in catalogs.values { if let text = catalog.text(of: name) { return Array(text.utf8) } }
        return try contracts.text(of: name)
    }

    /// What is wrong with the contracts of tables, one line each.
    var contractProblems: [String] { catalogs.values.flatMap(\.contractProblems).sorted() }

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

    func revision(of input: PostgresInputConfiguration) -> @Sendable () -> UInt64 {
        let catalog = catalogs[input.name]
        return { catalog?.revision ?? 0 }
    }

    /// Forgets one schema, or all, and looks for the tables' contracts anew.
    func purge(_ name: SchemaName? = nil) {
        contracts.purge(name)
        upkeep.refresh()
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let parts = duration.components
        return parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    }
}
