import Collector
import CoreIngest
import LogicalDecoding

extension InstanceStatus {
    /// What `status` prints: a few lines and some tables.
    var text: String {
        let reasons = unreadiness
        var out = "\(name) (\(environment)), buz-cdc \(Version.current), up \(Quantity.duration(uptimeSeconds)), "
        out += "\(Quantity.bytes(residentBytes)) of memory, \(reasons.isEmpty ? "ready" : "NOT READY")\n"
        for reason in reasons { out += "  ! \(reason)\n" }
        if !sources.isEmpty { out += "\n\(sourceTable)\n" }
        if let collector { out += "\n\(collectorTable(collector))\n" }
        out += "\n\(laneTable)"
        if lanes.contains(where: { !$0.tables.isEmpty }) { out += "\n\n\(tableTable)" }
        for lane in lanes where !lane.usage.isEmpty {
            out += "\n  sink \(lane.sink) used since the start: \(lane.usage.map(Self.text).joined(separator: ", "))"
        }
        for source in sources {
            if let error = source.status.lastError { out += "\n  source \(source.name): \(error.message)" }
        }
        if let publication, let error = publication.lastError {
            out += "\n  registry: \(publication.waiting) schemas wait to be published: \(error)"
        }
        if let registry, let seconds = registry.failingSeconds {
            out += "\n  schema registry: \(registry.registry) has not answered for \(Quantity.duration(seconds)): "
            out += registry.lastError ?? "no reason is known"
            if let age = registry.oldestStaleSeconds {
                out += "; \(registry.staleEntries) schemas are used past their time, by up to \(Quantity.duration(age))"
            }
        }
        for problem in contractProblems.prefix(Self.mostContractLines) { out += "\n  contract: \(problem)" }
        if contractProblems.count > Self.mostContractLines {
            out += "\n  contract: \(contractProblems.count - Self.mostContractLines) more tables; see --json"
        }
        for lane in lanes {
            if let error = lane.lastError { out += "\n  sink \(lane.sink): \(mended(lane))\(error)" }
        }
        return out
    }

    private static func text(_ figure: UsageFigure) -> String {
        let value =
            switch figure.unit {
            case .count: "\(figure.value)"
            case .bytes: Quantity.bytes(figure.value)
            case .milliseconds: Quantity.duration(Double(figure.value) / 1000)
            }
        return "\(value) \(figure.words)"
    }

    private static let mostContractLines = 10

    /// What goes before an error that does not stand any more.
    private func mended(_ lane: LaneStatus) -> String {
        guard !lane.isFailing, let at = lane.lastErrorAt else { return "" }
        return "works again; \(Quantity.duration(Double(takenAt - at) / 1_000_000)) ago: "
    }

    private var sourceTable: String {
        var table = TextTable([
            ("SOURCE", .left), ("STATE", .left), ("LAG", .right), ("EVENTS", .right), ("ACKNOWLEDGED", .left),
            ("SLOT", .left), ("WAL", .left), ("WAL KEPT", .right), ("RECONNECTS", .right),
        ])
        for source in sources {
            let status = source.status
            var state = status.state.rawValue
            if status.isPaused { state += ", paused" }
            if status.held != nil { state += ", held" }
            if status.state == .snapshot, let progress = status.snapshot { state += " \(Self.progress(progress))" }
            table.append(
                source.name, state, Quantity.bytes(status.lagBytes), "\(status.events)", "\(status.acknowledged)",
                source.slot, status.slot?.walStatus ?? "?", status.slot.map { Quantity.bytes($0.retainedBytes) } ?? "?",
                "\(status.reconnects)")
        }
        return table.text
    }

    private func collectorTable(_ collector: Collector.Status) -> String {
        var table = TextTable([
            ("COLLECTOR", .left), ("STATE", .left), ("CONNECTIONS", .right), ("EVENTS", .right), ("SPOOL", .right),
            ("UNDELIVERED", .right), ("OLDEST", .right),
        ])
        let spool = collector.spool
        let state =
            spool.failure != nil
            ? "failing" : spool.isFull ? "full" : collector.source.isPaused ? "waiting for sinks" : "ok"
        table.append(
            collector.address, state, "\(collector.connections)", "\(collector.source.events)",
            Quantity.bytes(spool.bytes), Quantity.bytes(Int(clamping: spool.unacknowledgedBytes)),
            Quantity.duration(collectorAge ?? 0))
        return table.text
    }

    private static func progress(_ progress: SnapshotProgress) -> String {
        var text =
            "\(Int(progress.share * 100)) % (\(progress.tablesDone)/\(progress.tables) tables, \(progress.rows) rows"
        if let left = progress.timeLeft { text += ", \(Quantity.duration(left / .seconds(1))) left" }
        return text + ")"
    }

    private static let mostTables = 10

    /// The tables that are most behind, in the sink that they are behind in.
    private var tableTable: String {
        var table = TextTable([
            ("TABLE", .left), ("SOURCE", .left), ("SINK", .left), ("BEHIND", .right), ("LAST DELIVERED", .left),
        ])
        let all = lanes.flatMap { lane in lane.tables.map { (sink: lane.sink, lag: $0) } }
        // Of equals, those that moved last.
        let sorted = all.sorted {
            ($0.lag.lagSeconds, $0.lag.deliveredTimestamp ?? .max) > (
                $1.lag.lagSeconds, $1.lag.deliveredTimestamp ?? .max
            )
        }
        for (sink, lag) in sorted.prefix(Self.mostTables) {
            table.append(
                "\(lag.schema).\(lag.table)", lag.source, sink, Quantity.duration(lag.lagSeconds),
                lag.deliveredTimestamp.map { Timestamp.text($0) } ?? "not yet")
        }
        let left = sorted.count - Self.mostTables
        return table.text + (left > 0 ? "\n\(left) more that are less behind: see --json" : "")
    }

    private var laneTable: String {
        var table = TextTable([
            ("SINK", .left), ("STATE", .left), ("DELIVERED", .right), ("QUEUED", .right), ("PARKED", .right),
            ("DEAD LETTERS", .right), ("BEHIND", .right), ("REQUIRED", .left),
        ])
        for lane in lanes {
            table.append(
                lane.sink, lane.state.rawValue, "\(lane.deliveredEvents)", "\(lane.queuedEvents)",
                Quantity.bytes(lane.parkedBytes), "\(lane.deadLetters)", Quantity.duration(lane.lagSeconds),
                lane.isRequired ? "yes" : "no")
        }
        return table.text
    }
}
