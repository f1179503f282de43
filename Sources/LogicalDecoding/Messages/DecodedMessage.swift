package import CoreIngest

/// What a message was, for the reader that drives the decoder.
package enum DecodedMessage: Sendable, Equatable {
    /// A transaction begins. Its events carry `commitLSN`, which orders transactions.
    case begin(commitLSN: LogSequenceNumber)
    /// The transaction is complete. `endLSN` is what may be acknowledged once its events are settled.
    case commit(endLSN: LogSequenceNumber)
    /// Records were written: rows, truncated tables, or a logical message (which may come outside a transaction; see
    /// ``ChangeDecoder``).
    case change
    /// A table was announced. Before the next message, see ``Catalog/isComplete(for:)`` and refresh the catalog if it
    /// is not.
    case relation(RelationInfo)
    /// Nothing to do: an origin, a type, or a change of a table that is left out.
    case other
}
