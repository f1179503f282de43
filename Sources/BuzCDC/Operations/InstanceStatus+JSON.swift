import Collector
import CoreIngest
import LogicalDecoding

extension InstanceStatus {
    /// The body of `/stats`. Members are only ever added.
    var json: [UInt8] {
        JSONText.object { out in
            let reasons = unreadiness
            out.member("version", Version.current)
            out.member("name", name)
            out.member("environment", environment)
            out.member("startedAt", Timestamp.text(startedAt))
            out.member("takenAt", Timestamp.text(takenAt))
            out.member("uptimeSeconds", uptimeSeconds)
            out.member("residentBytes", residentBytes)
            out.member("ready", reasons.isEmpty)
            out.array("reasons") { list in for reason in reasons { list.element(reason) } }
            out.array("sources") { list in for source in sources { list.object { Self.write(source, to: &$0) } } }
            if let collector { out.object("collector") { write(collector, to: &$0) } }
            out.array("lanes") { list in for lane in lanes { list.object { Self.write(lane, to: &$0) } } }
            if let publication {
                out.object("publishedSchemas") { part in
                    part.member("published", publication.published)
                    part.member("waiting", publication.waiting)
                    part.member("refused", publication.refused)
                    part.member("lastError", publication.lastError)
                }
            }
            if let registry { out.object("registry") { Self.write(registry, to: &$0) } }
            out.array("contractProblems") { list in for problem in contractProblems { list.element(problem) } }
        }
    }

    private static func write(_ registry: SchemaCache.Status, to out: inout JSONText) {
        out.member("backend", registry.registry)
        out.member("failingSeconds", registry.failingSeconds)
        out.member("lastError", registry.lastError)
        out.member("staleSchemas", registry.staleEntries)
        out.member("oldestStaleSeconds", registry.oldestStaleSeconds)
        let statistics = registry.statistics
        out.member("entries", statistics.entries)
        out.member("bytes", statistics.bytes)
        out.member("hits", statistics.hits)
        out.member("negativeHits", statistics.negativeHits)
        out.member("requests", statistics.fetches)
        out.member("failures", statistics.failures)
        out.member("stale", statistics.stale)
        out.member("restored", statistics.restored)
        out.member("throttled", statistics.throttled)
        out.member("evictions", statistics.evictions)
    }

    private static func write(_ source: Source, to out: inout JSONText) {
        let status = source.status
        out.member("name", source.name)
        out.member("slot", source.slot)
        out.member("publication", source.publication)
        out.member("state", status.state.rawValue)
        out.member("paused", status.isPaused)
        out.member("held", status.held)
        out.member("receivedLSN", status.received.description)
        out.member("acknowledgedLSN", status.acknowledged.description)
        out.member("serverLSN", status.serverEnd.description)
        out.member("lagBytes", status.lagBytes)
        out.member("lastMessageAt", status.lastMessageAt == 0 ? nil : Timestamp.text(status.lastMessageAt))
        out.member("events", status.events)
        out.member("transactions", status.transactions)
        out.member("receivedBytes", status.receivedBytes)
        out.member("reconnects", status.reconnects)
        out.member("lastError", status.lastError?.message)
        if let slot = status.slot {
            out.member("walStatus", slot.walStatus)
            out.member("retainedWALBytes", slot.retainedBytes)
            out.member("confirmedFlushLSN", slot.confirmedFlush.description)
        }
        guard let snapshot = status.snapshot, status.state == .snapshot else { return }
        out.object("snapshot") { part in
            part.member("table", snapshot.table)
            part.member("tables", snapshot.tables)
            part.member("tablesDone", snapshot.tablesDone)
            part.member("rows", snapshot.rows)
            part.member("estimatedRows", snapshot.estimatedRows)
            part.member("rowsPerSecond", snapshot.rowsPerSecond)
            part.member("share", snapshot.share)
            part.member("secondsLeft", snapshot.timeLeft.map { $0 / .seconds(1) })
        }
    }

    private func write(_ collector: Collector.Status, to out: inout JSONText) {
        out.member("address", collector.address)
        out.member("connections", collector.connections)
        out.member("events", collector.source.events)
        out.member("repetitions", collector.source.repetitions)
        out.member("paused", collector.source.isPaused)
        out.member("spoolBytes", collector.spool.bytes)
        out.member("spoolLimitBytes", collector.spool.limitBytes)
        out.member("unacknowledgedBytes", collector.spool.unacknowledgedBytes)
        out.member("oldestUnacknowledgedSeconds", collectorAge)
        out.member("lastError", collector.spool.failure ?? collector.source.failure)
    }

    /// Seconds since the oldest event that some required sink does not have.
    var collectorAge: Double? {
        collector?.spool.oldest.map { max(0, Double(takenAt - $0) / 1_000_000) }
    }

    private static func write(_ lane: LaneStatus, to out: inout JSONText) {
        out.member("sink", lane.sink)
        out.member("required", lane.isRequired)
        out.member("state", lane.state.rawValue)
        out.member("delivered", lane.deliveredEvents)
        out.member("discarded", lane.discardedEvents)
        out.member("queuedEvents", lane.queuedEvents)
        out.member("queuedBytes", lane.queuedBytes)
        out.member("parkedBatches", lane.parkedBatches)
        out.member("parkedBytes", lane.parkedBytes)
        out.member("deadLetters", lane.deadLetters)
        out.member("attempts", lane.attempts)
        out.member("failingSince", lane.failingSince.map { Timestamp.text($0) })
        out.member("failing", lane.isFailing)
        out.member("lastError", lane.lastError)
        out.member("lastErrorAt", lane.lastErrorAt.map { Timestamp.text($0) })
        out.member("lastPosition", lane.lastPosition?.description)
        out.member("lagSeconds", lane.lagSeconds)
        if !lane.usage.isEmpty {
            out.object("usage") { part in for figure in lane.usage { part.member(figure.key, figure.value) } }
        }
        out.array("tables") { list in
            for table in lane.tables {
                list.object { one in
                    one.member("source", table.source)
                    one.member("table", "\(table.schema).\(table.table)")
                    one.member("lagSeconds", table.lagSeconds)
                    one.member("deliveredTimestamp", table.deliveredTimestamp.map { Timestamp.text($0) })
                }
            }
        }
    }
}
