import CoreIngest

/// One event as it lies in memory and on the disk; everything little-endian:
/// length u32 · protocol u8 · verdict u8 · 2 bytes of zero · id 2×u64 · time i64 · received i64 · six parts of offset u32 and length u32
/// (offsets from the event's beginning) · the parts.
package struct CollectedEvent {
    static let headerBytes = 40 + 8 * CollectedEvents.Part.allCases.count

    private let bytes: UnsafeRawBufferPointer
    package let `protocol`: CollectedProtocol

    /// Nil where `bytes` do not hold together: each length is checked against the others.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerBytes, let known = CollectedProtocol(rawValue: bytes[4]) else { return nil }
        self.bytes = bytes
        self.protocol = known
        for part in CollectedEvents.Part.allCases {
            let range = range(part)
            guard Int(range.offset) + Int(range.count) <= bytes.count else { return nil }
        }
    }

    /// Which of its chunk's validators has let the payload pass, from 1 on; 0: none. Says nothing once the chunk is gone.
    var verdict: UInt8 { bytes[5] }
    package var uuid: EventUUID { EventUUID(high: word(8), low: word(16)) }
    /// When it happened: microseconds since the Unix epoch.
    package var timestamp: Int64 { Int64(bitPattern: word(24)) }
    /// When it was received.
    package var receivedAt: Int64 { Int64(bitPattern: word(32)) }
    /// The bytes of a part; empty where it was not set.
    package subscript(_ part: CollectedEvents.Part) -> UnsafeRawBufferPointer {
        let range = range(part)
        return UnsafeRawBufferPointer(rebasing: bytes[Int(range.offset)..<Int(range.offset) + Int(range.count)])
    }
    package var contexts: CollectedContextSequence { CollectedContextSequence(self[.contexts]) }

    private func word(_ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
    }

    private func range(_ part: CollectedEvents.Part) -> ByteRange {
        let at = 40 + part.rawValue * 8
        return ByteRange(
            offset: Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian),
            count: Int(bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self).littleEndian))
    }

    /// What stands before the parts.
    struct Header {
        var length: Int
        var `protocol`: CollectedProtocol
        var verdict: UInt8
        var uuid: EventUUID
        var timestamp: Int64
        var receivedAt: Int64

        /// Writes the header where room was left for it.
        func write(to base: UnsafeMutableRawPointer, parts: [ByteRange]) {
            func store(_ value: UInt64, _ offset: Int) {
                base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
            }
            base.storeBytes(of: UInt32(length).littleEndian, as: UInt32.self)
            let kind = UInt32(`protocol`.rawValue) | UInt32(verdict) << 8
            base.storeBytes(of: kind.littleEndian, toByteOffset: 4, as: UInt32.self)
            store(uuid.high, 8)
            store(uuid.low, 16)
            store(UInt64(bitPattern: timestamp), 24)
            store(UInt64(bitPattern: receivedAt), 32)
            for (index, part) in parts.enumerated() {
                store(UInt64(part.offset) | UInt64(part.count) << 32, 40 + index * 8)
            }
        }
    }
}

/// Walks over events that lie one after the other. Ends early, with ``isBroken``, where lengths do not fit.
package struct CollectedEventSequence: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    /// What was left could not be read.
    package private(set) var isBroken = false

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package mutating func next() -> CollectedEvent? {
        guard at < bytes.count, !isBroken else { return nil }
        if bytes.count - at >= CollectedEvent.headerBytes {
            let length = Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian)
            if length >= CollectedEvent.headerBytes, length <= bytes.count - at,
                let event = CollectedEvent(UnsafeRawBufferPointer(rebasing: bytes[at..<at + length]))
            {
                at += length
                return event
            }
        }
        isBroken = true
        return nil
    }
}
