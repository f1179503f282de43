import CoreIngest

/// Remembers the ids that protocols give their events, for a time and up to a number, so that what a client sends twice comes
/// through once. Not thread safe; the source's thread has it.
///
/// Ids are kept as 64-bit hashes with a secret seed: of a hundred million pairs less than one collides by chance. After a restart
/// the window is empty.
struct DeduplicationWindow {
    struct Settings: Sendable {
        /// Microseconds; 0: nothing is left out.
        var window: Int64 = 0
        /// Ids at once. When there are more, the oldest are forgotten before their time.
        var mostIDs = 1_000_000
    }

    private struct Entry {
        var position: Position
        var expires: Int64
    }

    private let settings: Settings
    private let seed: UInt64
    private var entries: [UInt64: Entry] = [:]
    private var order = FIFO<(hash: UInt64, expires: Int64)>()

    init(_ settings: Settings, seed: UInt64) {
        self.settings = settings
        self.seed = seed
    }

    var count: Int { entries.count }

    /// Whether an event with the same id came before. The same event read again, by its position, is no repetition.
    mutating func isRepetition(
        _ protocol: CollectedProtocol, _ id: UnsafeRawBufferPointer, at position: Position, now: Int64
    ) -> Bool {
        guard settings.window > 0, !id.isEmpty else { return false }
        forget(before: now)
        let hash = hash(`protocol`, id)
        if let entry = entries[hash] { return entry.position != position }
        let expires = now + settings.window
        entries[hash] = Entry(position: position, expires: expires)
        order.append((hash, expires))
        if order.count > settings.mostIDs, let first = order.popFirst() { entries[first.hash] = nil }
        return false
    }

    private mutating func forget(before now: Int64) {
        while let first = order.first, first.expires <= now {
            _ = order.popFirst()
            entries[first.hash] = nil
        }
    }

    private func hash(_ protocol: CollectedProtocol, _ id: UnsafeRawBufferPointer) -> UInt64 {
        var hash = seed ^ UInt64(`protocol`.rawValue) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        func mix(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
            hash = product.high ^ product.low
        }
        while index + 8 <= id.count {
            mix(id.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest = UInt64(id.count) << 56
        while index < id.count {
            rest = rest << 8 | UInt64(id[index])
            index += 1
        }
        mix(rest)
        return hash
    }
}
