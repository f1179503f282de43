/// A batch on its way through one lane.
struct QueuedBatch: Sendable {
    let batch: EventBatch
    /// The pipeline's index of the source.
    let source: Int
    let sequence: UInt64
    /// Records before this one are left out: the lane has them already. Equal to the number of records for a batch that only
    /// keeps its place in the order.
    var start: Int
    /// The lane's own count, from 1; 0 for a batch that was read back from the park.
    var number: UInt64 = 0
    /// Set where the batch was read back from the park.
    var ticket: ParkTicket?
    /// To be dead-lettered, as the park is full.
    var isOverflow = false
    /// Of a source that leaves room to others.
    var yields = false

    var events: Int { batch.records.count - start }
    var cost: Int { events == 0 ? 0 : batch.memoryCost }
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
