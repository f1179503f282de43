import Synchronization

import CoreIngest

/// The descriptors of tables, kept as long as their shapes stay the same: over reconnects, and for a snapshot and the
/// stream after it alike. Shared by the decoders of one input.
package final class StreamCache: Sendable {
    private let factory: StreamFactory
    private let announcer: SchemaAnnouncer?
    private let known = Mutex<[UInt32: Entry]>([:])

    private struct Entry {
        var shape: TableShape
        /// Nil: the table is left out.
        var stream: StreamDescriptor?
    }

    /// Without `announcer` nothing is announced.
    package init(_ factory: @escaping StreamFactory, announcer: SchemaAnnouncer? = nil) {
        self.factory = factory
        self.announcer = announcer
    }

    /// See ``SchemaAnnouncer``.
    func announcement(
        of shape: TableShape, before first: Position, in source: SourceIdentity, isSnapshot: Bool
    ) -> SchemaAnnouncement? { announcer?(shape, first, source, isSnapshot) }

    /// The descriptor of a table by its OID: the one made before, unless the shape is another now.
    func stream(of relation: UInt32, shape: TableShape) -> StreamDescriptor? {
        known.withLock { known in
            if let entry = known[relation], entry.shape == shape { return entry.stream }
            let stream = factory(shape)
            known[relation] = Entry(shape: shape, stream: stream)
            return stream
        }
    }
}
