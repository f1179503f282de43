/// A batch on its way through one lane.
struct QueuedBatch: Sendable {
    let batch: EventBatch
    /// The pipeline's index of the source.
    let source: Int
    let sequence: UInt64
    /// Records before this one are left out: the lane has them already. Equal to the number of records for a batch that only
    /// keeps its place in the order.
    var start: Int
    /// Set where the batch was read back from the park.
    var ticket: ParkTicket?
    /// To be dead-lettered, or discarded, as the park is full.
    var overflow: LaneSettings.WhenFull?

    var events: Int { batch.records.count - start }
    var cost: Int { events == 0 ? 0 : batch.memoryCost }
}

/// What waits for one sink, in order: first in memory, then on disk, then what waits to go to disk. A state machine without I/O.
///
/// While anything is on disk or on its way there, everything new goes there too; that keeps the order.
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

    let settings: LaneSettings
    private var memory = FIFO<QueuedBatch>()
    private var spill = FIFO<QueuedBatch>()
    /// The first so many of `spill` are being written to disk.
    private var spillInFlight = 0
    private(set) var memoryBytes = 0
    private(set) var spillBytes = 0
    private(set) var waitingEvents = 0
    /// Batches on disk that no one has read back yet.
    private(set) var parkedUnread = 0
    /// Bytes that the park holds on disk.
    var parkedBytes = 0
    /// The disk refuses to take more.
    var diskInTrouble = false
    /// The last position that was taken in, for each history.
    private(set) var positions: [SourceIdentity: Position] = [:]
    /// Sources, by index, whose batches are dropped until they begin again.
    private(set) var lostSources: Set<Int> = []
    /// By source.
    private var ledgers: [Int: SettlementLedger] = [:]

    init(settings: LaneSettings) { self.settings = settings }

    /// What was parked by an earlier run.
    mutating func restore(parkedBatches: Int, bytes: Int, positions: [SourceIdentity: Position]) {
        parkedUnread = parkedBatches
        parkedBytes = bytes
        self.positions = positions
    }

    var hasSpill: Bool { !spill.isEmpty }
    var hasMemory: Bool { !memory.isEmpty }
    var isParking: Bool { parkedUnread > 0 || !spill.isEmpty }
    var isEmpty: Bool { memory.isEmpty && !isParking }
    var hasMemoryRoom: Bool {
        !isParking && memoryBytes < settings.queueBytes && memory.count < settings.queueBatches
    }
    var queuedBatches: Int { memory.count + spill.count }
    private var parkIsFull: Bool {
        settings.park.maxBytes == 0 || parkedBytes + spillBytes >= settings.park.maxBytes
            || (diskInTrouble && spillIsFull)
    }
    private var spillIsFull: Bool { spillBytes >= settings.queueBytes || spill.count >= settings.queueBatches }

    /// Where a batch would go.
    ///
    /// - `inTrouble`: the sink fails or is stalled. `othersHaveRoom`: this lane alone would hold up the source.
    /// - `isSnapshot`: rows of a snapshot, which a source cannot send again from the middle; so it waits instead.
    func admission(source: Int, isSnapshot: Bool, inTrouble: Bool, othersHaveRoom: Bool) -> Admission {
        if lostSources.contains(source) { return .drop }
        if hasMemoryRoom { return .memory }
        if !isParking {
            if !inTrouble, !othersHaveRoom || settings.park.maxBytes == 0 { return .refuse }
        }
        if parkIsFull {
            guard settings.deliveryRequired else { return spillIsFull && !diskInTrouble ? .refuse : overflow }
            return isSnapshot ? .refuse : .drop
        }
        return spillIsFull ? .refuse : .park
    }

    private var overflow: Admission {
        // With the disk in trouble dead letters cannot be written either.
        .overflow(diskInTrouble && spillIsFull ? .discard : settings.park.whenFull)
    }

    /// Takes a batch in, and answers where it went: never `refuse`. Records at or before the lane's position are left out.
    mutating func push(
        _ batch: EventBatch, source: Int, sequence: UInt64, inTrouble: Bool, othersHaveRoom: Bool
    ) -> Admission {
        var admission = self.admission(
            source: source, isSnapshot: batch.isSnapshot, inTrouble: inTrouble, othersHaveRoom: othersHaveRoom)
        if admission == .drop {
            lostSources.insert(source)
            return .drop
        }
        // Another source may have taken the last room since it was asked for: one batch more does no harm.
        if admission == .refuse { admission = isParking ? .park : .memory }
        let position = positions[batch.source] ?? .start
        var queued = QueuedBatch(
            batch: batch, source: source, sequence: sequence, start: batch.firstRecord(after: position))
        if let last = batch.records.last?.position, last > position { positions[batch.source] = last }
        waitingEvents += queued.events
        if admission == .memory {
            ledgers[source, default: SettlementLedger()].queued()
            memoryBytes += queued.cost
            memory.append(queued)
        } else {
            if case .overflow(let fate) = admission { queued.overflow = fate }
            spillBytes += queued.cost
            spill.append(queued)
        }
        return admission
    }

    /// The source has begun again. Answers whether the lane takes part again after it had lost its place.
    mutating func begin(source: Int, inTrouble: Bool) -> Bool {
        guard lostSources.contains(source), hasMemoryRoom, !inTrouble else { return false }
        lostSources.remove(source)
        return true
    }

    // MARK: The writer's side

    mutating func next() -> Next {
        if let queued = memory.popFirst() {
            memoryBytes -= queued.cost
            waitingEvents -= queued.events
            return .batch(queued)
        }
        if parkedUnread > 0 { return .parked }
        // Not on disk yet, and the sink is ready for it.
        if spillInFlight == 0, let queued = spill.first, queued.overflow == nil {
            _ = spill.popFirst()
            spillBytes -= queued.cost
            waitingEvents -= queued.events
            ledgers[queued.source, default: SettlementLedger()].queued()
            return .batch(queued)
        }
        return .nothing
    }

    mutating func tookParked() { parkedUnread -= 1 }

    /// Nothing on disk could be read any more.
    mutating func parkIsEmpty() { parkedUnread = 0 }

    /// A batch from memory is settled. Answers up to where everything of its source is.
    mutating func flushed(_ queued: QueuedBatch) -> UInt64 {
        ledgers[queued.source, default: SettlementLedger()].flushed(queued.sequence)
    }

    /// When the oldest batch that waits in memory was taken in.
    var oldestReceivedAt: Int64? { (memory.first ?? spill.first)?.batch.receivedAt }

    // MARK: The parker's side

    /// The next batches to be written to disk together, all of one fate. They stay in the queue until ``parked(bytes:)``.
    mutating func beginParking(maxBytes: Int) -> [QueuedBatch] {
        precondition(spillInFlight == 0)
        var chunk: [QueuedBatch] = []
        var bytes = 0
        while chunk.count < spill.count, bytes < maxBytes, let queued = spill[chunk.count] {
            if let first = chunk.first, first.overflow != queued.overflow { break }
            bytes += queued.cost
            chunk.append(queued)
        }
        spillInFlight = chunk.count
        return chunk
    }

    /// The batches of ``beginParking(maxBytes:)`` are safe; `onDisk` of them wait in the park now. Answers, for each source among
    /// them, up to where everything is settled.
    mutating func endParking(onDisk: Int, parkedBytes: Int) -> [Int: UInt64] {
        var settled: [Int: UInt64] = [:]
        for _ in 0..<spillInFlight {
            guard let queued = spill.popFirst() else { break }
            spillBytes -= queued.cost
            waitingEvents -= queued.events
            settled[queued.source] = ledgers[queued.source, default: SettlementLedger()].parked(queued.sequence)
        }
        spillInFlight = 0
        parkedUnread += onDisk
        self.parkedBytes = parkedBytes
        diskInTrouble = false
        return settled
    }

    /// They could not be written: they stay in memory, first in line.
    mutating func failedParking() {
        spillInFlight = 0
        diskInTrouble = true
    }
}

extension EventBatch {
    /// Whether the batch holds rows of a snapshot.
    var isSnapshot: Bool {
        guard let last = records.last else { return false }
        return last.flags.contains(.snapshot) || last.operation.isControl
    }

    /// Index of the first record past a position; the number of records where there is none.
    func firstRecord(after position: Position) -> Int {
        guard let first = records.first, let last = records.last else { return 0 }
        if first.position > position { return 0 }
        if last.position <= position { return records.count }
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].position > position { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
