package import CoreIngest

/// Turns pgoutput messages into records of a batch. A state machine without I/O.
package struct ChangeDecoder: ~Copyable {
    private let settings: DecoderSettings
    private let streams: StreamCache
    /// Types and tables. Replace it as a whole, at any time between two messages.
    package var catalog: Catalog
    /// Whether a Begin has come without its Commit.
    package private(set) var isInTransaction = false

    package init(settings: DecoderSettings, catalog: Catalog, streams: StreamCache) {
        self.settings = settings
        self.catalog = catalog
        self.streams = streams
    }

    /// Takes one pgoutput message, without the header of XLogData, and writes its events to the builder. On an error nothing was
    /// written. `walStart`: the LSN in that header.
    package mutating func decode(
        _ message: UnsafeRawBufferPointer, walStart: LogSequenceNumber, into builder: inout EventBatchBuilder
    ) throws(DecodingError) -> DecodedMessage {
        throw DecodingError(.unknownMessage, "not decoded")
    }

    /// Forgets announced relations and the open transaction: call it for each new connection.
    package mutating func reset() {}

    /// The builder was sealed, perhaps inside a transaction: indices of streams and transactions start anew.
    package mutating func batchSealed() {}
}
