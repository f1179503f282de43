import CoreIngest

/// The relations that were announced on this connection. Each announcement replaces the one before.
struct RelationSlots {
    private var slots: [Slot] = []
    private var indices: [UInt32: Int] = [:]
    /// Changes of one table come in runs: the slot found last is looked at first.
    private var last = 0

    struct Slot {
        var relation: RelationInfo
        /// Made for the first change, when the catalog has been refreshed if that was needed.
        var plan: RelationPlan?
        /// To be made before the next event.
        var announcement: SchemaAnnouncement?
        /// Index of the stream in the batch that was numbered `batch`.
        var stream: UInt32 = 0
        var batch: UInt64 = .max
    }

    mutating func announce(_ relation: RelationInfo) {
        if let index = indices[relation.id] {
            slots[index] = Slot(relation: relation)
        } else {
            indices[relation.id] = slots.count
            slots.append(Slot(relation: relation))
        }
    }

    /// Nil when the relation was not announced.
    @inline(__always)
    mutating func index(of relation: UInt32) -> Int? {
        if last < slots.count, slots[last].relation.id == relation { return last }
        guard let index = indices[relation] else { return nil }
        last = index
        return index
    }

    subscript(_ index: Int) -> Slot {
        _read { yield slots[index] }
        _modify { yield &slots[index] }
    }

    /// Plans are made anew, as the catalog is another.
    mutating func forgetPlans() {
        for index in slots.indices {
            slots[index].plan = nil
            slots[index].batch = .max
        }
    }

    mutating func removeAll() {
        slots.removeAll()
        indices.removeAll()
        last = 0
    }
}
