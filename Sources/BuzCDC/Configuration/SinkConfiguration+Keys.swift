import CoreIngest

extension SinkConfiguration {
    /// Every type of sink. A new one is added here and written in a file of its own.
    static let types: [any SinkDestination.Type] = [
        StdoutSinkConfiguration.self, FileSinkConfiguration.self, BlackholeSinkConfiguration.self,
        PostgresSinkConfiguration.self, MySQLSinkConfiguration.self, SQLiteSinkConfiguration.self,
        DuckDBSinkConfiguration.self, BigQuerySinkConfiguration.self, SnowflakeSinkConfiguration.self,
        ClickHouseSinkConfiguration.self, MaterializeSinkConfiguration.self,
        RedshiftSinkConfiguration.self,
    ]

    private enum Keys {
        static let name = Key<String>.text(
            "name", "Name of this sink in logs, metrics, commands and local state. Do not change it later.", .required,
            rule: .identifier, example: "replica")
        static let enabled = Key<Bool>.boolean(
            "enabled", "Whether the sink is used; false is as if it were not written.", .defaulted("true"))
        static let deliveryRequired = Key<Bool>.boolean(
            "deliveryRequired",
            "Whether the source keeps an event until this sink has it. With false, a sink that stays down loses what its park cannot hold, by the rule of park.whenFull.",
            .defaulted("true"))
        static let batch = Key<CheckedSection>.section("batch", limits.specification)
        static let limits = BatchBoundKeys(
            doc: "Bounds of one write.", maxEvents: "10000", maxBytes: "4MiB", linger: "0s")
        static let flush = Key<CheckedSection>.section("flush", FlushLimits.specification)
        static let retry = Key<CheckedSection>.section("retry", RetryLimits.specification)
        static let queue = Key<CheckedSection>.section("queue", QueueLimits.specification)
        static let park = Key<CheckedSection>.section("park", ParkLimits.specification)
        static let deadletters = Key<CheckedSection>.section("deadletters", deadlettersSpecification)
        static let deadlettersMaxBytes = Key<Int>.byteSize(
            "maxBytes", "Most bytes of the store; when it is full the lane waits.", .defaulted("1GiB"),
            in: (1 << 20)...(1 << 44))

        static let deadlettersSpecification = SectionSpecification(
            "The sink's dead letters, in app.stateDir.", [deadlettersMaxBytes.specification])
    }

    static let specification = VariantsSpecification(
        noun: "sink", doc: "A destination of events; which keys it has depends on its type.",
        common: [
            Keys.name.specification, Keys.enabled.specification, Keys.deliveryRequired.specification,
            Keys.batch.specification, Keys.flush.specification, Keys.retry.specification, Keys.queue.specification,
            Keys.park.specification, Keys.deadletters.specification,
        ],
        variants: types.map { .init(type: $0.type, doc: $0.doc, keys: $0.keys, examples: $0.examples) })

    /// Nil for a disabled sink.
    init?(_ section: CheckedSection) {
        guard section[Keys.enabled], let type = Self.types.first(where: { $0.type == section.text("type") }) else {
            return nil
        }
        self.init(
            name: section[Keys.name], deliveryRequired: section[Keys.deliveryRequired],
            batch: Keys.limits.read(section[Keys.batch]), flush: FlushLimits(section[Keys.flush]),
            retry: RetryLimits(section[Keys.retry]), queue: QueueLimits(section[Keys.queue]),
            park: ParkLimits(section[Keys.park]),
            deadLettersMaxBytes: section[Keys.deadletters][Keys.deadlettersMaxBytes], destination: type.init(section))
    }
}
