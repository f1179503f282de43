import Collector
import CoreIngest

/// A handler of the collector, given any request: a line of method, path and query, lines of header fields, an empty line, and the body.
///
/// It answers, never with 500 or more; and what it leaves holds together, and is JSON where it must be.
struct ProtocolTarget {
    private let handler: any ProtocolHandler

    static let selfDescribing = ProtocolTarget(handler: SelfDescribingHandler())
    static let snowplow: ProtocolTarget = {
        var settings = SnowplowSettings()
        settings.redirects = AllowedRedirects(hosts: ["a.example", "*.b.example"])
        settings.doNotTrack = .init(name: "dnt", value: "1")
        return ProtocolTarget(handler: SnowplowHandler(settings))
    }()
    static let cloudevents = ProtocolTarget(handler: CloudEventsHandler())
    static let webhook: ProtocolTarget = {
        var settings = WebhookSettings()
        settings.signatures = WebhookScheme.allCases.map { scheme in
            .init(schema: SchemaName("com.\(scheme.rawValue)/hook/v1.0"), scheme: scheme, secrets: ["secret"])
        }
        return ProtocolTarget(handler: WebhookHandler(settings))
    }()
    static let pixel: ProtocolTarget = {
        var settings = PixelSettings()
        settings.redirects = AllowedRedirects(hosts: ["a.example"])
        return ProtocolTarget(handler: PixelHandler(settings))
    }()
    static let segment: ProtocolTarget = {
        var settings = SegmentSettings()
        settings.writeKeys = ["k"]
        return ProtocolTarget(handler: SegmentHandler(settings))
    }()
    static let amplitude = ProtocolTarget(handler: AmplitudeHandler())

    func run(_ input: UnsafeRawBufferPointer) {
        guard let request = request(input) else { return }
        var limits = CollectedEvents.Limits()
        limits.eventBytes = 2000
        limits.contexts = 8
        limits.eventsPerRequest = 20
        var events = CollectedEvents(limits: limits, ids: UUIDSource(seed: 1))
        events.beginRequest(at: request.receivedAt)
        let answer = request.use { handler.handle($0, into: &events) }
        promise((200..<500).contains(answer.status), "the answer is \(answer.status)")
        promise(answer.status < 400 || events.requestCount == 0, "a refusal leaves events")
        for header in answer.headers {
            promise(!header.name.isEmpty, "a header without a name")
        }
        if answer.contentType == "application/json" {
            promise(answer.body.withUnsafeBytes { PlainJSON.accepts($0) }, "the answer is no JSON")
        }
        var sequence = events.all
        var count = 0
        while let event = sequence.next() {
            count += 1
            let payload = event[.payload]
            promise(
                payload.isEmpty || PlainJSON.accepts(payload), "the payload is no JSON: \(EventPromises.text(payload))")
            for context in event.contexts {
                promise(PlainJSON.accepts(context.data), "a context is no JSON: \(EventPromises.text(context.data))")
            }
            promise(event.protocol == handler.name, "the event is of another protocol")
        }
        promise(!sequence.isBroken && count == events.count, "the events do not hold together")
    }

    /// Nil where the handler has no such route: the server would not ask it.
    private func request(_ input: UnsafeRawBufferPointer) -> SampleRequest? {
        var rest = Array(input)[...]
        func line() -> String? {
            guard let end = rest.firstIndex(of: 0x0A) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<end], as: UTF8.self)
        }
        guard let first = line() else { return nil }
        let words = first.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2 else { return nil }
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let method = Array(words[0].utf8).withUnsafeBytes { RequestMethod($0) }
        let isRouted = handler.routes.contains { route in
            guard route.methods.contains(method) else { return false }
            return switch route.pattern {
            case .exact(let path): target[0] == path
            case .prefix(let path): target[0] == path || target[0].hasPrefix(path + "/")
            case .twoSegments: true
            }
        }
        guard isRouted else { return nil }
        var request = SampleRequest(method, target[0], query: target.count > 1 ? target[1] : "")
        while let header = line(), !header.isEmpty {
            let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, request.headers.count < 50 else { continue }
            request.headers.append((String(parts[0]), Array(parts[1].drop { $0 == " " }.utf8)))
        }
        request.body = Array(rest)
        return request
    }
}
