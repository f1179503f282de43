import CoreIngest

/// The changes of one write to one mirror table, folded by key: what counts is the last state of each row.
///
/// Every change keeps a link to the one before it under the same key. The chain back to the last whole row gives the values of
/// partial updates (unchanged TOAST), and when the server refuses a row, its changes are gone through one by one.
struct PendingChanges: ~Copyable {
    /// What a change does to the row of its key.
    enum Effect {
        /// Gives it all its columns.
        case whole
        /// Gives it some columns; the others stay.
        case partial
        /// Takes it away.
        case removal
    }

    struct Change {
        var event: EventReference
        var effect: Effect
        /// The change before it under the same key; -1 where there is none.
        var previous: Int32
    }

    /// What is to be done about one key, by its last change.
    enum Verdict {
        /// A row that is new, as far as the source goes.
        case insert
        case upsert
        /// Some columns of a row whose others only the target knows.
        case update
        case delete
    }

    private(set) var changes: [Change] = []
    /// The last change of each key, in the order in which the keys were first met.
    private(set) var lasts: [Int32] = []
    /// Everything before was removed by a truncation: the table is to be emptied first.
    private(set) var truncates = false

    private var keys = ByteArena(capacity: 1024)
    private var entries: [(key: ByteRange, hash: UInt64)] = []
    /// Open addressing, linear probing: entry number + 1, or 0. The count is a power of two.
    private var slots: [Int32] = []

    var isEmpty: Bool { lasts.isEmpty && !truncates }

    /// Empties the table, and what was pending with it.
    mutating func truncate() {
        clear()
        truncates = true
    }

    /// Forgets everything, as it was carried out.
    mutating func clear() {
        changes.removeAll(keepingCapacity: true)
        lasts.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        keys.truncate(to: 0)
        truncates = false
    }

    /// Adds a change under the key in `key`.
    mutating func add(_ event: EventReference, _ effect: Effect, key: UnsafeRawBufferPointer) {
        let entry = entry(for: key)
        changes.append(Change(event: event, effect: effect, previous: lasts[entry]))
        lasts[entry] = Int32(changes.count - 1)
    }

    /// The whole row that a change builds on, itself perhaps; -1 where the chain has none.
    func base(of change: Int32) -> Int32 {
        var at = change
        while at >= 0 {
            switch changes[Int(at)].effect {
            case .whole: return at
            case .removal: return -1
            case .partial: at = changes[Int(at)].previous
            }
        }
        return -1
    }

    func verdict(on last: Int32, of slices: [BatchSlice]) -> Verdict {
        let change = changes[Int(last)]
        switch change.effect {
        case .removal: return .delete
        case .whole:
            let operation = change.event.record(in: slices).operation
            return change.previous < 0 && (operation == .create || operation == .read) ? .insert : .upsert
        case .partial: return base(of: last) >= 0 ? .upsert : .update
        }
    }

    /// The changes whose columns make up the row, oldest first.
    func parts(of last: Int32) -> [Int32] {
        guard changes[Int(last)].effect == .partial else { return [last] }
        var found: [Int32] = []
        var at = last
        while at >= 0, changes[Int(at)].effect != .removal {
            found.append(at)
            if changes[Int(at)].effect == .whole { break }
            at = changes[Int(at)].previous
        }
        return found.reversed()
    }

    /// All changes of a key, oldest first.
    func history(of last: Int32) -> [Int32] {
        var found: [Int32] = []
        var at = last
        while at >= 0 {
            found.append(at)
            at = changes[Int(at)].previous
        }
        return found.reversed()
    }

    // MARK: Keys

    /// Whether a change of the row with a key is pending.
    func contains(key: UnsafeRawBufferPointer) -> Bool {
        !slots.isEmpty && slots[slot(of: key, hash: Self.hash(key))] != 0
    }

    /// The slot of a key's entry, or the free one where it belongs.
    private func slot(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, keys[entry.key].elementsEqual(key) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func entry(for key: UnsafeRawBufferPointer) -> Int {
        if (entries.count + 1) * 2 > slots.count { grow() }
        let hash = Self.hash(key)
        let slot = slot(of: key, hash: hash)
        if slots[slot] != 0 { return Int(slots[slot]) - 1 }
        let start = keys.count
        keys.append(key)
        entries.append((ByteRange(from: start, to: keys.count), hash))
        lasts.append(-1)
        slots[slot] = Int32(entries.count)
        return entries.count - 1
    }

    private mutating func grow() {
        let size = max(64, slots.count * 2)
        slots = [Int32](repeating: 0, count: size)
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(index + 1)
        }
    }

    /// FNV-1a, its high bits folded into the low ones that choose the slot.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash ^ hash >> 32
    }
}
