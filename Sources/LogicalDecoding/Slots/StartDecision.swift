import CoreIngest

/// Where reading starts: decided from what is remembered, what the server has, and what is asked for. No I/O.
enum StartDecision: Equatable {
    /// Make the slot, after dropping one that is there.
    case create(dropsFirst: Bool, snapshot: Bool)
    /// Read on from here. `adopts`: nothing was remembered of the slot, or not this position, so a new history begins. `rereads`: the
    /// slot stands here, before what was delivered; read from there to see that it is the same log.
    case resume(from: LogSequenceNumber, adopts: Bool, rereads: LogSequenceNumber? = nil)

    static func decide(
        checkpoint: SourceCheckpoint?, slot: SlotInfo?, system: SystemIdentity, settings: PostgresSourceSettings
    ) throws(SourceError) -> StartDecision {
        let name = settings.slot
        if let slot { try checkSuitable(slot, system: system) }
        if settings.snapshot == .always { return .create(dropsFirst: slot != nil, snapshot: true) }
        let wantsSnapshot = settings.snapshot == .initial
        guard let checkpoint else {
            guard let slot else { return .create(dropsFirst: false, snapshot: wantsSnapshot) }
            if !wantsSnapshot || settings.acceptGap {
                if slot.isLost { throw lost(slot, confirmed: nil) }
                return .resume(from: slot.confirmedFlush, adopts: true)
            }
            throw SourceError(
                .slotUnknown,
                "slot \(name) exists, and this instance has no state of it: the state was lost, or the slot is another"
                    + " program's; to read on from \(slot.confirmedFlush) without a snapshot set snapshot: never, to drop"
                    + " the slot and start over with a new snapshot start once with snapshot: always")
        }
        try checkSame(checkpoint, system: system, settings: settings)
        if let difference = difference(checkpoint, system) {
            // What was delivered of the other log is not taken back; the slot was made before it, so nothing of this one is missed.
            guard settings.acceptGap else { throw difference }
            guard let slot, !slot.isLost else { return .create(dropsFirst: slot != nil, snapshot: false) }
            return .resume(from: slot.confirmedFlush, adopts: true)
        }
        if checkpoint.snapshot == .running || checkpoint.consistentPoint == .none {
            return .create(dropsFirst: slot != nil, snapshot: wantsSnapshot)
        }
        guard let slot else {
            if settings.acceptGap { return .create(dropsFirst: false, snapshot: false) }
            throw SourceError(
                .slotMissing,
                "slot \(name) is gone: the state says it existed and was read up to \(checkpoint.confirmed); changes since"
                    + " then may be lost; \(remedies)")
        }
        if slot.isLost {
            if settings.acceptGap { return .create(dropsFirst: true, snapshot: false) }
            throw lost(slot, confirmed: checkpoint.confirmed)
        }
        if slot.confirmedFlush > checkpoint.confirmed {
            if settings.acceptGap { return .resume(from: slot.confirmedFlush, adopts: true) }
            throw SourceError(
                .slotAhead,
                "events may have been lost: slot \(name) stands at \(slot.confirmedFlush), this instance delivered up to"
                    + " \(checkpoint.confirmed); another program read from the slot, or it was made anew; \(remedies)")
        }
        let isBehind = checkpoint.witness.map { slot.confirmedFlush < $0.end } ?? false
        return .resume(from: checkpoint.confirmed, adopts: false, rereads: isBehind ? slot.confirmedFlush : nil)
    }

    private static let remedies =
        "to accept the gap start once with acceptGap: true, to start over with a new snapshot start once with snapshot:"
        + " always"

    private static func checkSuitable(_ slot: SlotInfo, system: SystemIdentity) throws(SourceError) {
        var problem: String?
        if slot.slotType != "logical" {
            problem = "is a \(slot.slotType) slot"
        } else if slot.plugin != "pgoutput" {
            problem = "decodes with \(slot.plugin), not pgoutput"
        } else if slot.database != system.database {
            problem = "belongs to the database \(slot.database)"
        } else if slot.isTemporary {
            problem = "is temporary"
        }
        guard let problem else { return }
        throw SourceError(
            .slotUnsuitable, "slot \(slot.name) \(problem): configure another name, or drop it when nobody needs it")
    }

    private static func checkSame(
        _ checkpoint: SourceCheckpoint, system: SystemIdentity, settings: PostgresSourceSettings
    ) throws(SourceError) {
        if checkpoint.systemIdentifier != system.systemIdentifier || checkpoint.database != system.database {
            throw SourceError(
                .serverReplaced,
                "the state belongs to another server: database \(checkpoint.database) of system"
                    + " \(checkpoint.systemIdentifier), connected is \(system.database) of \(system.systemIdentifier); mend"
                    + " the url, or start once with snapshot: always to start over with this server")
        }
        if checkpoint.slot != settings.slot {
            throw SourceError(
                .slotUnknown,
                "the state belongs to slot \(checkpoint.slot), configured is \(settings.slot): put the old name back, or"
                    + " start once with snapshot: always to start over with the new slot, then drop the old one")
        }
    }

    /// How the server's log is another one than what was read, if it is.
    private static func difference(_ checkpoint: SourceCheckpoint, _ system: SystemIdentity) -> SourceError? {
        var reason: String?
        switch system.lineage.shared(with: checkpoint.timeline, began: checkpoint.timelineBegan) {
        case .all: break
        case .upTo(let end):
            if checkpoint.confirmed > end { reason = "went over to timeline \(system.timeline) at \(end), before" }
        case .nothing:
            reason = "is on timeline \(system.timeline), which does not come from timeline \(checkpoint.timeline) with"
        }
        if checkpoint.confirmed > system.flushed { reason = "ends at \(system.flushed), before" }
        return reason.map {
            restored("the server's log \($0) \(checkpoint.confirmed) which was delivered already; \(remedies)")
        }
    }

    /// The proof failed: see ``HistoryProof``.
    static func notFound(_ mark: CommitMark) -> SourceError {
        restored(
            "the transaction that ended at \(mark.end) and was delivered is not in the server's log; to start over with a new"
                + " snapshot start once with snapshot: always")
    }

    private static func restored(_ reason: String) -> SourceError {
        SourceError(.serverReplaced, "the server was restored from a backup, or failed over with loss: \(reason)")
    }

    private static func lost(_ slot: SlotInfo, confirmed: LogSequenceNumber?) -> SourceError {
        let reason = slot.invalidationReason.map { ", \($0)" } ?? ""
        return SourceError(
            .slotLost,
            "slot \(slot.name) is lost (wal_status \(slot.walStatus)\(reason)): the server removed log after"
                + " \(confirmed ?? slot.confirmedFlush); \(remedies), and raise max_slot_wal_keep_size")
    }
}
