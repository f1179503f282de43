import Collector
import CoreIngest
import Synchronization

/// Passes the pipeline's questions to the collector, which is made after the pipeline.
final class CollectorBox: Sendable {
    private let collector = Mutex<Collector?>(nil)

    func set(_ collector: Collector?) { self.collector.withLock { $0 = collector } }

    /// Up to where the spool was acknowledged; nil for other sources.
    func acknowledged(_ source: SourceIdentity) -> UInt64? {
        guard let known = collector.withLock({ $0 })?.acknowledged, known.0 == source else { return nil }
        return known.1
    }

    /// Makes an acknowledgement durable. Sources that keep their own checkpoint need nothing here.
    func persist(_ source: SourceIdentity, _ offset: UInt64) throws(StateError) {
        guard let collector = collector.withLock({ $0 }), collector.source.identity == source else { return }
        try collector.persist(acknowledged: offset)
    }
}
