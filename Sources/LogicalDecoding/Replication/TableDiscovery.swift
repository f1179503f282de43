import CoreIngest
import Logging

/// Tables that the stream announces and the catalog does not know, or not in this shape.
struct TableDiscovery {
    private var refreshed: [UInt32: ContinuousClock.Instant] = [:]
    /// A server is asked at most this often for a table that its catalog does not show yet.
    private static let interval = Duration.seconds(1)

    /// Asks the server for what is missing, on a connection of its own.
    mutating func learn(
        _ relation: RelationInfo, _ catalog: inout Catalog, _ settings: PostgresSourceSettings,
        _ side: ConnectionOptions,
        _ log: Logger
    ) throws(SourceError) {
        guard !catalog.isComplete(for: relation) else { return }
        let isFirst = catalog.tables[relation.id] == nil && refreshed[relation.id] == nil
        let now = ContinuousClock.now
        if let last = refreshed[relation.id], now - last < Self.interval { return }
        refreshed[relation.id] = now
        let connection = try PostgresConnection(side)
        catalog = try CatalogLoader.refresh(catalog, relations: [relation.id], on: connection)
        guard isFirst, try isPublished(relation, settings.publication, connection) else { return }
        log.warning(
            "table \(relation.qualifiedName) is new to publication \(settings.publication): its changes are read from now on, rows that it held before are not; if there are any, \(Self.remedyForRows)"
        )
    }

    /// A server announces a partition too when it sends its changes as those of the partitioned table: the partition is not published.
    private func isPublished(
        _ relation: RelationInfo, _ publication: String, _ side: borrowing PostgresConnection
    ) throws(SourceError) -> Bool {
        try !side.query(
            """
            SELECT 1 FROM pg_catalog.pg_publication_tables WHERE pubname = \(SQLText.literal(publication))
              AND schemaname = \(SQLText.literal(relation.schema)) AND tablename = \(SQLText.literal(relation.name))
            """
        ).isEmpty
    }

    /// How rows come that a table held before it was published.
    static let remedyForRows = "start once with snapshot: always, which copies all tables anew"
}
