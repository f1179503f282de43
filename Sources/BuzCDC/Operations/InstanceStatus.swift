import Collector
import CoreIngest
import LogicalDecoding

/// How an instance is doing at one moment: what `/stats`, `/health/ready`, the console and `status` show.
struct InstanceStatus: Sendable {
    struct Source: Sendable {
        var name: String
        var slot: String
        var publication: String
        var status: SourceStatus
    }

    var name: String
    var environment: String
    /// Microseconds since the Unix epoch.
    var startedAt: Int64
    var takenAt: Int64
    var sources: [Source]
    /// Of the HTTP inputs; nil where none is enabled.
    var collector: Collector.Status?
    var lanes: [LaneStatus]
    /// Of derived schemas; nil where they are not published.
    var publication: SchemaPublisher.Status?
    /// Why acknowledgements cannot be persisted; nil when they can.
    var acknowledgementError: String?
    /// Bytes of memory that the process holds.
    var residentBytes: Int
    /// How the schema registry answers.
    var registry: SchemaCache.Status?
    /// What is wrong with the contracts of tables, one line each.
    var contractProblems: [String] = []

    var uptimeSeconds: Double { Double(takenAt - startedAt) / 1_000_000 }

    /// Who keeps the events that a sink holds back.
    private var keepers: String {
        if collector == nil { return "Postgres keeps its WAL" }
        return sources.isEmpty
            ? "the spool keeps its events" : "Postgres keeps its WAL, and the spool its events"
    }

    /// Why a required part cannot work; empty when the instance is ready.
    var unreadiness: [String] {
        var reasons: [String] = []
        for source in sources {
            let state = source.status.state
            if let held = source.status.held { reasons.append("source \(source.name) is held: \(held)") }
            guard state != .streaming, state != .snapshot else { continue }
            let cause = source.status.lastError.map { ": \($0.message)" } ?? ""
            reasons.append("source \(source.name) is \(state.rawValue)\(cause)")
        }
        if let collector {
            if let failure = collector.spool.failure { reasons.append("the spool cannot be written: \(failure)") }
            if collector.spool.isFull { reasons.append("the spool is full, so clients get 503") }
            if let failure = collector.source.failure { reasons.append("the spool cannot be read: \(failure)") }
        }
        for lane in lanes where lane.isRequired {
            let cause = lane.isFailing ? lane.lastError.map { ": \($0)" } ?? "" : ""
            switch lane.state {
            case .holding:
                reasons.append("sink \(lane.sink) is down and its park is full, so \(keepers)\(cause)")
            case .starting, .retrying, .stalled, .parking:
                if !lane.wasOpened || lane.state == .starting {
                    reasons.append("sink \(lane.sink) is not connected yet\(cause)")
                } else if lane.needsPerson {
                    reasons.append("sink \(lane.sink) works again only when someone mends it\(cause)")
                }
            case .ok: break
            }
        }
        if let acknowledgementError { reasons.append("the state folder cannot be written: \(acknowledgementError)") }
        return reasons
    }
}
