package import CoreIngest

/// Counts requests by protocol and class of status, and events by protocol.
package struct CollectorMetrics: Sendable {
    /// By protocol's raw value; 0: pages and what no protocol claims.
    private let requests: [[Counter]]
    private let events: [Counter]
    private let unavailable: [Counter]
    let connections: Counter
    let refusedConnections: Counter
    let bodyBytes: Counter

    package init(_ registry: MetricsRegistry) {
        let names = ["other"] + CollectedProtocol.allCases.map(\.text)
        requests = names.map { name in
            (2...5).map { digit in
                registry.counter(
                    "buz_http_requests_total", "Answered requests.",
                    labels: ["protocol": name, "status": "\(digit)xx"])
            }
        }
        events = names.map { name in
            registry.counter(
                "buz_http_events_total", "Events that requests brought and that were taken.",
                labels: ["protocol": name])
        }
        unavailable = Unavailability.allCases.map { reason in
            registry.counter(
                "buz_http_unavailable_total", "Requests that got 503.", labels: ["reason": reason.rawValue])
        }
        connections = registry.counter("buz_http_connections_total", "Connections that were accepted.")
        refusedConnections = registry.counter(
            "buz_http_connections_refused_total", "Connections that were closed on arrival, as there were too many.")
        bodyBytes = registry.counter("buz_http_body_bytes_total", "Bytes of bodies, after inflating.")
    }

    func count(_ protocol: CollectedProtocol?, status: Int) {
        let place = `protocol`.map { Int($0.rawValue) } ?? 0
        requests[place][min(max(status / 100, 2), 5) - 2].add()
    }

    func count(_ reason: Unavailability) { unavailable[reason.index].add() }

    func count(_ protocol: CollectedProtocol, events count: Int) { events[Int(`protocol`.rawValue)].add(count) }
}
