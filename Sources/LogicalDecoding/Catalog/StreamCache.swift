import CoreIngest
import Synchronization

/// The descriptors of tables, kept as long as their shapes stay the same: over reconnects, and for a snapshot and the stream
/// after it alike. Shared by the decoders of one input.
package final class StreamCache: Sendable {
    private let factory: StreamFactory

    package init(_ factory: @escaping StreamFactory) { self.factory = factory }
}
