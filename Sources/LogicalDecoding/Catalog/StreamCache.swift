import Synchronization

import CoreIngest

/// The descriptors of tables, kept as long as their shapes stay the same: over reconnects, and for a snapshot and the
/// stream after it alike. Shared by the decoders of one input.
package final class StreamCache: Sendable {
    private let factory: StreamFactory
    private let announcer: SchemaAnnouncer?
    private let currentRevision: @Sendable () -> UInt64
    private let known = Mutex<[UInt32: Entry]>([:])

    private struct Entry {
        var shape: TableShape
        /// Nil: the table is left out.
        var stream: StreamDescriptor?
        var revision: UInt64
    }

    /// Without `announcer` nothing is announced. When `revision` rises, the factory is asked again.
    package init(
        _ factory: @escaping StreamFactory, announcer: SchemaAnnouncer? = nil,
        revision: @escaping @Sendable () -> UInt64 = { 0 }
    ) {
        self.factory = factory
        self.announcer = announcer
        currentRevision = revision
    }

    /// Rises when descriptors were replaced though their tables stayed as they were.
    var revision: UInt64 { currentRevision() }

    /// See ``SchemaAnnouncer``.
    func announcement(
        of shape: TableShape, before first: Position, in source: SourceIdentity, isSnapshot: Bool
    ) -> SchemaAnnouncement? { announcer?(shape, first, source, isSnapshot) }

    /// The descriptor of a table by its OID: the one made before, unless the shape is another now.
    func stream(of relation: UInt32, shape: TableShape) -> StreamDescriptor? {
        known.withLock { known in
            let revision = currentRevision()
            if let entry = known[relation], entry.shape == shape, entry.revision == revision { return entry.stream }
            let stream = factory(shape)
            known[relation] = Entry(shape: shape, stream: stream, revision: revision)
            return stream
        }
    }
}
