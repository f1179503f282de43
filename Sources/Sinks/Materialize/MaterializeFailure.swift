import CoreIngest

/// What Materialize answers, where that is not what Postgres would: many of its errors have the code of an internal one, and are told by
/// their words. Source: Materialize, `AdapterError` (codes and messages), documentation of BEGIN.
extension PostgresFailure {
    func ofMaterialize() -> PostgresFailure {
        var failure = self
        let text = message.lowercased()
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        switch sqlState {
        case "MZ010": failure.kind = .connectionLost
        case "MZ011": failure.kind = .permission
        case "25006":
            failure.message += ": the session or the environment only reads; it is tried again"
        case "XX000", "0A000", "42704", "2BP01", "":
            if says("write transactions only support writes to a single table") {
                failure.kind = .misconfigured
                failure.message += ": this Materialize is older than August 2024: upgrade it"
            } else if says("depended upon", "depends on it") {
                failure.kind = .misconfigured
            } else if says("has no replicas available") {
                failure.kind = .connectionLost
                failure.message += ": give the cluster a replica, or name another in `cluster`"
            } else if says("unknown catalog item", "was dropped") {
                failure.kind = .catalogChanged
            } else if says("unknown schema", "unknown database", "unknown cluster") {
                failure.kind = .misconfigured
            } else if says("single table", "requires a feature flag", "not supported") {
                failure.kind = .misconfigured
            }
        default: break
        }
        return failure
    }

    /// The failure of a whole write or of opening.
    func materializeFailure(at place: String) -> SinkFailure {
        var failure = sinkFailure(at: place, page: "docs/sinks/materialize.md")
        if kind == .storageFull { failure = SinkFailure(.unavailable, "\(place): \(message)") }
        return failure
    }
}
