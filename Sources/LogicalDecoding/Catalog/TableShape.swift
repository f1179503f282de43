package import CoreIngest

/// A table as events show it: what a stream descriptor and its schema are made of.
package struct TableShape: Sendable, Equatable {
    @ExactText package var database: String
    @ExactText package var schema: String
    @ExactText package var table: String
    package var comment: String?
    /// In the order in which the source sends them.
    package var columns: [StreamDescriptor.Column]
    /// Indices into `columns`, in the key's order; empty where the table has no key.
    package var keyColumns: [Int]

    package init(
        database: String, schema: String, table: String, comment: String?, columns: [StreamDescriptor.Column],
        keyColumns: [Int]
    ) {
        self.database = database
        self.schema = schema
        self.table = table
        self.comment = comment
        self.columns = columns
        self.keyColumns = keyColumns
    }
}

/// Makes the descriptor of a table, with its schema's name and validator. Called when a table is first seen and when
/// its shape has changed, never for each event. Nil leaves the table out: its changes are counted, but no events are
/// made.
package typealias StreamFactory = @Sendable (TableShape) -> StreamDescriptor?

/// Says what the event at a position announces, being the first of its table in a connection, in a shape, or in a snapshot; nil where
/// nothing changed. The same position gets the same answer.
package typealias SchemaAnnouncer =
    @Sendable (_ shape: TableShape, _ first: Position, _ source: SourceIdentity, _ isSnapshot: Bool) ->
    SchemaAnnouncement?
