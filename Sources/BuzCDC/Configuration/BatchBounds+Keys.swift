import CoreIngest

/// The keys of a `batch` section: inputs and sinks have one, with other defaults.
struct BatchBoundKeys: Sendable {
    let maxEvents: Key<Int>
    let maxBytes: Key<Int>
    let linger: Key<Duration>
    let doc: String

    init(doc: String, maxEvents: ConfigurationLiteral, maxBytes: ConfigurationLiteral, linger: ConfigurationLiteral) {
        self.doc = doc
        self.maxEvents = .integer("maxEvents", "Most events of a batch.", .defaulted(maxEvents), in: 1...1_000_000)
        self.maxBytes = .byteSize(
            "maxBytes", "Most bytes of a batch; a single larger event makes a batch of its own.", .defaulted(maxBytes),
            in: 1024...(1 << 30))
        self.linger = .duration(
            "linger", "How long a batch that is not full waits for more events.", .defaulted(linger),
            in: .zero...(.seconds(3600)))
    }

    var specification: SectionSpecification {
        SectionSpecification(doc, [maxEvents.specification, maxBytes.specification, linger.specification])
    }

    func read(_ section: CheckedSection) -> BatchBounds {
        BatchBounds(maxEvents: section[maxEvents], maxBytes: section[maxBytes], linger: section[linger])
    }
}
