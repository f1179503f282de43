import CoreIngest

extension FlushLimits {
    private enum Keys {
        static let interval = Key<Duration>.duration(
            "interval", "How long written events may wait for it while there are more; without, it happens at once.",
            .defaulted("100ms"), in: .zero...(.seconds(3600)))
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Bytes that are written before it happens earlier.", .defaulted("16MiB"), in: 1024...(1 << 36))
    }

    static let specification = SectionSpecification(
        "When written events are made durable; only then are they acknowledged.",
        [Keys.interval.specification, Keys.maxBytes.specification])

    init(_ section: CheckedSection) {
        self.init(interval: section[Keys.interval], maxBytes: section[Keys.maxBytes])
    }
}

extension RetryLimits {
    private enum Keys {
        static let initial = Key<Duration>.duration(
            "initial", "Pause before the second attempt.", .defaulted("100ms"), in: .milliseconds(1)...(.seconds(3600)))
        static let max = Key<Duration>.duration(
            "max", "Longest pause.", .defaulted("30s"), in: .milliseconds(1)...(.seconds(86400)))
    }

    static let specification = SectionSpecification(
        "Pauses between the attempts to write: each twice as long as the one before, up to half of it left to chance. Attempts do not end.",
        [Keys.initial.specification, Keys.max.specification])

    init(_ section: CheckedSection) {
        self.init(initial: section[Keys.initial], max: section[Keys.max])
    }
}

extension QueueLimits {
    private enum Keys {
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Most bytes held.", .defaulted("8MiB"), in: (64 << 10)...(1 << 36))
        static let maxBatches = Key<Int>.integer("maxBatches", "Most batches held.", .defaulted("1024"), in: 1...65536)
    }

    static let specification = SectionSpecification(
        "What the sink holds in memory before it parks.", [Keys.maxBytes.specification, Keys.maxBatches.specification])

    init(_ section: CheckedSection) {
        self.init(maxBytes: section[Keys.maxBytes], maxBatches: section[Keys.maxBatches])
    }
}

extension ParkLimits {
    private enum Keys {
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Most bytes held; 0 parks nothing.", .defaulted("1GiB"), in: 0...(1 << 44))
        static let whenFull = Key<WhenFull>.choice(
            "whenFull",
            "What happens to further events of a sink with deliveryRequired: false. One with true makes the source keep them instead.",
            .defaulted("deadletter"))
        static let after = Key<Duration>.duration(
            "after",
            "How long the sink may fail or be silent before what waits in memory is parked too, so that the source can forget it.",
            .defaulted("2s"), in: .zero...(.seconds(3600)))
    }

    static let specification = SectionSpecification(
        "What the sink holds on disk, in app.stateDir, while its destination is down.",
        [Keys.maxBytes.specification, Keys.whenFull.specification, Keys.after.specification])

    init(_ section: CheckedSection) {
        self.init(maxBytes: section[Keys.maxBytes], whenFull: section[Keys.whenFull], after: section[Keys.after])
    }
}
