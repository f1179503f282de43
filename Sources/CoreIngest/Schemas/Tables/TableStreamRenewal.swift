/// Asks a table's catalog, with each batch, whether its contract is known, and which descriptor is in force.
final class TableStreamRenewal: StreamRenewal {
    // The catalog holds the stream, which holds this.
    private weak let catalog: SchemaCatalog?
    private let key: [ExactText]

    init(_ catalog: SchemaCatalog, _ key: [ExactText]) {
        self.catalog = catalog
        self.key = key
    }

    func current(_ stream: StreamDescriptor) -> StreamState { catalog?.state(of: stream, key) ?? .current(stream) }
}
