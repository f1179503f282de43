import Collector
import CoreIngest

/// The `http.limits` section: what a client may cost.
enum HTTPLimitsConfiguration {
    private enum Keys {
        static let connections = Key<Int>.integer(
            "connections", "Connections at once; more are closed on arrival.", .defaulted("20000"), in: 1...1_000_000)
        static let headBytes = Key<Int>.byteSize(
            "headBytes", "Bytes of the head of a request.", .defaulted("16KiB"), in: 1024...(1 << 20))
        static let headerFields = Key<Int>.integer(
            "headerFields", "Header fields of a request.", .defaulted("100"), in: 10...10_000)
        static let bodyBytes = Key<Int>.byteSize(
            "bodyBytes", "Bytes of a body as it is sent.", .defaulted("1MiB"), in: 1024...(1 << 28))
        static let inflatedBytes = Key<Int>.byteSize(
            "inflatedBytes", "Bytes of a body after inflating.", .defaulted("8MiB"), in: 1024...(1 << 28))
        static let inflateRatio = Key<Int>.integer(
            "inflateRatio", "How many times its size a body may inflate to, past the first 64 KiB.", .defaulted("100"),
            in: 2...100_000)
        static let bufferBytes = Key<Int>.byteSize(
            "bufferBytes", "Bytes of requests that are not whole yet, of all connections together.",
            .defaulted("256MiB"), in: (1 << 20)...(1 << 36))
        static let pipelined = Key<Int>.integer(
            "pipelined", "Requests of one connection that may wait for their answers.", .defaulted("64"), in: 1...10_000
        )
        static let eventBytes = Key<Int>.byteSize(
            "eventBytes", "Bytes of one event.", .defaulted("1MiB"), in: 1024...(1 << 28))
        static let eventsPerRequest = Key<Int>.integer(
            "eventsPerRequest", "Events of one request.", .defaulted("10000"), in: 1...1_000_000)
        static let contexts = Key<Int>.integer("contexts", "Contexts of one event.", .defaulted("200"), in: 1...10_000)
        static let headTimeout = Key<Duration>.duration(
            "headTimeout", "How long the head of a request may take to come.", .defaulted("10s"),
            in: .milliseconds(100)...(.seconds(600)))
        static let bodyTimeout = Key<Duration>.duration(
            "bodyTimeout", "How long a body may take to come.", .defaulted("30s"),
            in: .milliseconds(100)...(.seconds(3600)))
        static let idleTimeout = Key<Duration>.duration(
            "idleTimeout", "How long a connection may be idle between requests.", .defaulted("75s"),
            in: .milliseconds(100)...(.seconds(86_400)))
    }

    static let specification = SectionSpecification(
        "What a client may cost.",
        [
            Keys.connections.specification, Keys.headBytes.specification, Keys.headerFields.specification,
            Keys.bodyBytes.specification, Keys.inflatedBytes.specification, Keys.inflateRatio.specification,
            Keys.bufferBytes.specification, Keys.pipelined.specification, Keys.eventBytes.specification,
            Keys.eventsPerRequest.specification, Keys.contexts.specification, Keys.headTimeout.specification,
            Keys.bodyTimeout.specification, Keys.idleTimeout.specification,
        ])

    static func read(_ section: CheckedSection) -> CollectorSettings.Limits {
        var limits = CollectorSettings.Limits()
        limits.connections = section[Keys.connections]
        limits.headBytes = section[Keys.headBytes]
        limits.headerFields = section[Keys.headerFields]
        limits.bodyBytes = section[Keys.bodyBytes]
        limits.inflatedBytes = section[Keys.inflatedBytes]
        limits.inflateRatio = section[Keys.inflateRatio]
        limits.bufferBytes = section[Keys.bufferBytes]
        limits.pipelined = section[Keys.pipelined]
        limits.events.eventBytes = section[Keys.eventBytes]
        limits.events.eventsPerRequest = section[Keys.eventsPerRequest]
        limits.events.contexts = section[Keys.contexts]
        limits.headTimeout = section[Keys.headTimeout]
        limits.bodyTimeout = section[Keys.bodyTimeout]
        limits.idleTimeout = section[Keys.idleTimeout]
        return limits
    }
}
