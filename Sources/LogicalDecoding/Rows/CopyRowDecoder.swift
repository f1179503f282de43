package import CoreIngest

/// Turns the rows of `COPY … TO STDOUT` (text format) of one table into snapshot records, through the same writers as the stream.
package struct CopyRowDecoder: ~Copyable {
    /// The table's descriptor; nil when the factory leaves the table out: its rows are then not written.
    package let stream: StreamDescriptor?

    /// `relation`: see ``TableCatalog/relation(_:columns:)``. `snapshotLSN`: the slot's consistent point. `snapshotTime`:
    /// microseconds since the Unix epoch, the same for all tables of a snapshot.
    package init(
        relation: RelationInfo, settings: DecoderSettings, catalog: Catalog, streams: StreamCache,
        snapshotLSN: LogSequenceNumber, snapshotTime: Int64
    ) {
        stream = nil
    }

    /// Takes one line, with or without its newline. `ordinal`: unique among all rows and marks of the snapshot, increasing.
    /// On an error nothing was written.
    package mutating func decode(
        line: UnsafeRawBufferPointer, ordinal: UInt64, into builder: inout EventBatchBuilder
    ) throws(DecodingError) {}

    /// Writes a control mark (``Operation/snapshotBegin`` or ``Operation/snapshotEnd``) for this table.
    package mutating func mark(_ operation: Operation, ordinal: UInt64, into builder: inout EventBatchBuilder) {}

    /// The builder was sealed: indices of streams start anew.
    package mutating func batchSealed() {}
}
