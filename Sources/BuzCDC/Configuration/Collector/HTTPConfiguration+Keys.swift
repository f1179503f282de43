import Collector
import CoreIngest

extension HTTPConfiguration {
    private enum Keys {
        static let host = Key<String>.text(
            "host", "Address to listen on; 0.0.0.0 for all.", .defaulted("127.0.0.1"), example: "0.0.0.0")
        static let port = Key<Int>.integer(
            "port",
            "Port to listen on. Where it is the port of operations too, health, metrics and statistics are answered here.",
            .defaulted("8080"), in: 1...65535)
        static let threads = Key<Int>.integer(
            "threads", "Event loops that read and parse requests.", .defaulted("1"), in: 1...256)
        static let acknowledge = Key<CollectorSettings.Acknowledge>.choice(
            "acknowledge",
            "When a request is answered with success: when its events are synced to disk (durable), when every required sink has them (delivered), or at once (received), which a crash of the machine may undo.",
            .defaulted("durable"))
        static let trustedProxies = Key<[String]>.texts(
            "trustedProxies", "Addresses of proxies whose X-Forwarded-For is believed.", .defaulted([]),
            example: ["10.0.0.1"])
        static let tls = Key<CheckedSection>.section("tls", CollectorTLSConfiguration.specification)
        static let limits = Key<CheckedSection>.section("limits", HTTPLimitsConfiguration.specification)
        static let spool = Key<CheckedSection>.section("spool", SpoolConfiguration.specification)
        static let batch = Key<CheckedSection>.section("batch", batchSpecification)
        static let maxEvents = Key<Int>.integer(
            "maxEvents", "Most events of a batch.", .defaulted("8192"), in: 1...1_000_000)
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Most bytes of a batch; a single larger event makes a batch of its own.", .defaulted("128KiB"),
            in: 1024...(1 << 30))
        static let deduplication = Key<CheckedSection>.section("deduplication", deduplicationSpecification)
        static let window = Key<Duration>.duration(
            "window",
            "For how long an event is left out whose id came before (Snowplow's eid, CloudEvents' source and id, Segment's messageId, Amplitude's insert_id). 0s: nothing is left out. After a restart it begins anew.",
            .defaulted("0s"), in: .zero...(.seconds(7 * 86_400)), example: "10m")
        static let maxIds = Key<Int>.integer(
            "maxIds", "Most ids that are remembered; 50 to 100 bytes each.", .defaulted("1000000"), in: 1...100_000_000)
        static let registryPatience = Key<Duration>.duration(
            "registryPatience",
            "For how long events wait in the spool while the registry does not answer, before they go on as schema_unavailable.",
            .defaulted("10s"), in: .zero...(.seconds(86_400)))
        static let events = Key<CheckedSection>.section("events", eventsSpecification)
        static let headers = Key<[String]>.texts(
            "headers", "Header fields that every event keeps in a context. None that may hold credentials.",
            .defaulted([]), rule: .harmlessHeader, example: ["user-agent", "referer"])
        static let client = Key<Bool>.boolean(
            "client", "Whether every event keeps the client's address in a context.", .defaulted("false"))

        static let batchSpecification = SectionSpecification(
            "Bounds of the batches in which the spool is handed on.", [maxEvents.specification, maxBytes.specification])
        static let deduplicationSpecification = SectionSpecification(
            "Leaves out what a client sends twice.", [window.specification, maxIds.specification])
        static let eventsSpecification = SectionSpecification(
            "What of a request goes into its events.", [headers.specification, client.specification])
    }

    static let specification = SectionSpecification(
        "The HTTP collector; it runs when one of the HTTP inputs is enabled.",
        [
            Keys.host.specification, Keys.port.specification, Keys.threads.specification,
            Keys.tls.specification, Keys.acknowledge.specification, Keys.trustedProxies.specification,
            Keys.events.specification,
            Keys.deduplication.specification, Keys.registryPatience.specification, Keys.spool.specification,
            Keys.batch.specification, Keys.limits.specification,
        ])

    init(_ section: CheckedSection) {
        var settings = Collector.Settings()
        settings.server.host = section[Keys.host]
        settings.server.port = section[Keys.port]
        settings.server.threads = section[Keys.threads]
        settings.server.tls = CollectorTLSConfiguration.read(section[Keys.tls])
        settings.server.acknowledge = section[Keys.acknowledge]
        settings.server.middleware.trustedProxies = Set(section[Keys.trustedProxies])
        settings.server.middleware.requestContext.headers = section[Keys.events][Keys.headers]
        settings.server.middleware.requestContext.includesClient = section[Keys.events][Keys.client]
        settings.server.limits = HTTPLimitsConfiguration.read(section[Keys.limits])
        settings.spool = SpoolConfiguration.read(section[Keys.spool])
        settings.source.batchEvents = section[Keys.batch][Keys.maxEvents]
        settings.source.batchBytes = section[Keys.batch][Keys.maxBytes]
        settings.source.deduplicationWindow = section[Keys.deduplication][Keys.window]
        settings.source.deduplicationIDs = section[Keys.deduplication][Keys.maxIds]
        settings.source.schemaPatience = section[Keys.registryPatience]
        self.init(settings: settings)
    }
}

extension TextRule {
    fileprivate static let harmlessHeader = TextRule(
        description: "the name of a header field that holds no credentials", pattern: "^[A-Za-z0-9-]{1,64}$"
    ) { text in
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || $0 == 0x2D }
            && !HeaderNames.mayHoldCredentials(text.lowercased())
    }
}
