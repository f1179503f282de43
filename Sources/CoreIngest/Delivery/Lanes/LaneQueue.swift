/// What waits for one sink, in order: first on disk, then in memory. A state machine without I/O.
///
/// Kept are all batches in memory that are not settled, those too that the writer has taken into its window. Once the lane
/// begins to park, all of them go to disk in order, before anything newer does, until the writer has caught up. So at every
/// moment, and after every crash:
/// - what is on disk is older than what is only in memory, and nothing is missing in between;
/// - the writer reads the disk to its end before it takes from memory, so the order stays;
/// - a batch that the writer had taken is only copied: it is not read again, and leaves the disk once it is flushed.
struct LaneQueue {
    enum Admission: Equatable {
        case memory
        case park
        /// The park is full, and delivery is not required.
        case overflow(LaneSettings.WhenFull)
        /// The lane cannot take it: it loses its place.
        case drop
        /// The source shall wait.
        case refuse
    }

    enum Next {
        case batch(QueuedBatch)
        /// Read the next one from the park, then call ``tookParked()``.
        case parked
        case nothing
    }

    /// Batches that are written to disk together; or dead-lettered together, where the first one says so.
    struct Chunk {
        var batches: [QueuedBatch] = []
        /// The first so many are in the writer's window already.
        var taken = 0
        var isOverflow: Bool { batches.first?.isOverflow ?? false }
    }

    /// What became safe.
    struct Settled {
        /// By source: everything up to this sequence is settled.
        var through: [Int: UInt64] = [:]
        /// Everything on disk up to here is delivered.
        var consumed: ParkTicket?
    }

    struct Slot {
        var queued: QueuedBatch
        var isSettled = false
    }

    let settings: LaneSettings
    /// In order, numbered from `firstNumber` on.
    var slots = FIFO<Slot>()
    private var firstNumber: UInt64 = 1
    /// Batches before this one are in the writer's window, or settled.
    var nextToTake: UInt64 = 1
    /// The last one from memory that was flushed.
    var flushedThrough: UInt64 = 0
    /// Batches in the writer's window that were copied to disk, and where they lie.
    var copies = FIFO<(number: UInt64, ticket: ParkTicket)>()
    var inFlight: Chunk?
    /// What is not settled shall go to disk, and so shall everything new.
    var isParking = false
    /// Those that nobody has taken.
    private(set) var waitingBatches = 0
    private(set) var waitingBytes = 0
    private(set) var waitingEvents = 0
    /// The part of these that is of sources that yield.
    private(set) var yielded = YieldedShare()
    /// All that would have to go to disk.
    var unsettledBytes = 0
    /// Batches on disk that no one has read back yet.
    var parkedUnread = 0
    /// Bytes that the park holds on disk.
    var parkedBytes = 0
    /// The disk refuses to take more.
    var diskInTrouble = false
    /// The last position that was taken in, for each history.
    private(set) var positions: [SourceIdentity: Position] = [:]
    /// Sources, by index, whose batches are dropped until they begin again.
    private(set) var lostSources: Set<Int> = []

    init(settings: LaneSettings) { self.settings = settings }

    /// What was parked by an earlier run.
    mutating func restore(parkedBatches: Int, bytes: Int, positions: [SourceIdentity: Position]) {
        parkedUnread = parkedBatches
        parkedBytes = bytes
        isParking = parkedBatches > 0
        self.positions = positions
    }

    var hasWaiting: Bool { waitingBatches > 0 }
    var isEmpty: Bool { waitingBatches == 0 && parkedUnread == 0 && inFlight == nil }
    var hasMemoryRoom: Bool {
        !isParking && waitingBytes < settings.queueBytes && waitingBatches < settings.queueBatches
    }
    /// A source has to keep what comes, if the sink is in trouble.
    var isFull: Bool { settings.deliveryRequired && settings.park.maxBytes > 0 && !hasMemoryRoom && parkIsFull }
    private var parkIsFull: Bool { parkIsFull(yields: false) }
    /// Half of the park is for those that do not yield.
    private func parkIsFull(yields: Bool) -> Bool {
        settings.park.maxBytes == 0 || parkedBytes + unsettledBytes >= settings.park.maxBytes / (yields ? 2 : 1)
            || (diskInTrouble && waitingIsFull)
    }
    /// Twice the queue's bound: as much may wait in it while as much is on its way to the disk.
    private var waitingIsFull: Bool {
        waitingBytes >= 2 * settings.queueBytes || waitingBatches >= 2 * settings.queueBatches
    }
    private var end: UInt64 { firstNumber + UInt64(slots.count) }

    // MARK: The intake's side

    /// Where a batch would go.
    ///
    /// - `inTrouble`: the sink fails or is stalled. `othersHaveRoom`: this lane alone would hold up the source.
    /// - `isSnapshot`: rows of a snapshot, which a source cannot send again from the middle; so it waits instead.
    /// - `yields`: the source leaves room to others, see ``YieldedShare``.
    func admission(
        source: Int, isSnapshot: Bool, inTrouble: Bool, othersHaveRoom: Bool, yields: Bool = false
    ) -> Admission {
        if lostSources.contains(source) { return .drop }
        if hasMemoryRoom {
            return hasMemoryRoom(yields: yields) || inTrouble || othersHaveRoom ? .memory : .refuse
        }
        if !isParking {
            if !inTrouble, !othersHaveRoom || settings.park.maxBytes == 0 { return .refuse }
        }
        if parkIsFull(yields: yields) {
            guard settings.deliveryRequired else { return waitingIsFull && !diskInTrouble ? .refuse : overflow }
            return isSnapshot ? .refuse : .drop
        }
        return waitingIsFull ? .refuse : .park
    }

    private var overflow: Admission {
        // With the disk in trouble dead letters cannot be written either.
        .overflow(diskInTrouble && waitingIsFull ? .discard : settings.park.whenFull)
    }

    /// Takes a batch in, and answers where it went: never `refuse`. Records at or before the lane's position are left out.
    mutating func push(
        _ batch: EventBatch, source: Int, sequence: UInt64, inTrouble: Bool, othersHaveRoom: Bool,
        yields: Bool = false
    ) -> Admission {
        var admission = self.admission(
            source: source, isSnapshot: batch.isSnapshot, inTrouble: inTrouble, othersHaveRoom: othersHaveRoom,
            yields: yields)
        // Another source may have taken the last room since it was asked for: one batch more does no harm.
        if admission == .refuse { admission = isParking ? .park : .memory }
        switch admission {
        case .drop:
            lostSources.insert(source)
            return .drop
        case .park: isParking = true
        case .memory, .overflow, .refuse: break
        }
        let position = positions[batch.source] ?? .start
        var queued = QueuedBatch(
            batch: batch, source: source, sequence: sequence, start: batch.firstRecord(after: position), number: end,
            yields: yields)
        if let last = batch.records.last?.position, last > position { positions[batch.source] = last }
        if case .overflow(let fate) = admission {
            // Only where delivery is not required, so nothing is acknowledged by it.
            if fate == .discard { return admission }
            queued.isOverflow = true
        } else {
            unsettledBytes += queued.cost
        }
        waitingBatches += 1
        waitingBytes += queued.cost
        waitingEvents += queued.events
        if yields { yielded.add(queued) }
        slots.append(Slot(queued: queued))
        return admission
    }

    /// Takes in a batch without events, which counts as settled once everything before it is.
    mutating func mark(_ empty: EventBatch, source: Int, sequence: UInt64) {
        waitingBatches += 1
        slots.append(
            Slot(queued: QueuedBatch(batch: empty, source: source, sequence: sequence, start: 0, number: end)))
    }

    /// The source has begun again. Answers whether the lane takes part again after it had lost its place.
    mutating func begin(source: Int, inTrouble: Bool) -> Bool {
        guard lostSources.contains(source), hasMemoryRoom, !inTrouble else { return false }
        lostSources.remove(source)
        return true
    }

    /// This history is not read any more, so there is no place in it to come back to.
    mutating func forget(source: Int) { lostSources.remove(source) }

    /// When the oldest batch that waits in memory was taken in.
    var oldestReceivedAt: Int64? { slots.first?.queued.batch.receivedAt }

    // MARK: The writer's side

    mutating func next() -> Next {
        if parkedUnread > 0 { return .parked }
        while nextToTake < end, let slot = slots[Int(nextToTake - firstNumber)] {
            if !slot.isSettled, !slot.queued.isOverflow {
                if let last = inFlight?.batches.last, slot.queued.number <= last.number { return .nothing }
                nextToTake += 1
                stopWaiting(slot.queued)
                return .batch(slot.queued)
            }
            nextToTake += 1
        }
        return .nothing
    }

    mutating func stopWaiting(_ queued: QueuedBatch) {
        waitingBatches -= 1
        waitingBytes -= queued.cost
        waitingEvents -= queued.events
        if queued.yields { yielded.remove(queued) }
    }

    mutating func tookParked() { parkedUnread -= 1 }

    /// Nothing on disk could be read any more.
    mutating func parkIsEmpty() { parkedUnread = 0 }

    /// The writer has taken everything and the sink is well: what comes may wait in memory again.
    mutating func caughtUp() {
        if isEmpty { isParking = false }
    }

    /// What the writer had taken is flushed: batches in the order in which they were taken.
    mutating func flushed(_ batches: [QueuedBatch]) -> Settled {
        var settled = Settled()
        for queued in batches {
            if let ticket = queued.ticket {
                settled.consumed = ticket
                continue
            }
            flushedThrough = queued.number
            settle(queued)
        }
        while let copy = copies.first, copy.number <= flushedThrough {
            settled.consumed = settled.consumed.map { max($0, copy.ticket) } ?? copy.ticket
            _ = copies.popFirst()
        }
        settled.through = popSettled()
        return settled
    }

    mutating func settle(_ queued: QueuedBatch) {
        // It may be settled already, by its copy on disk.
        guard queued.number >= firstNumber, let slot = slots[Int(queued.number - firstNumber)], !slot.isSettled else {
            return
        }
        if !queued.isOverflow { unsettledBytes -= queued.cost }
        slots.update(Int(queued.number - firstNumber)) { $0.isSettled = true }
    }

    mutating func popSettled() -> [Int: UInt64] {
        var through: [Int: UInt64] = [:]
        while let slot = slots.first, slot.isSettled {
            through[slot.queued.source] = slot.queued.sequence
            _ = slots.popFirst()
            firstNumber += 1
        }
        nextToTake = max(nextToTake, firstNumber)
        return through
    }
}
