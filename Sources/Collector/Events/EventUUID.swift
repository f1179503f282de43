/// A UUID in two halves, as ``EventRecord`` has it.
package struct EventUUID: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the canonical form of 36 characters, in either case; nil for anything else.
    package init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in text.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let nibble = PercentText.nibble(byte) else { return nil }
            if digits < 16 {
                halves.0 = halves.0 << 4 | UInt64(nibble)
            } else {
                halves.1 = halves.1 << 4 | UInt64(nibble)
            }
            digits += 1
        }
        high = halves.0
        low = halves.1
    }

    /// The canonical form, in lower case.
    package var text: String {
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value & (digits == 16 ? .max : 1 << UInt64(digits * 4) - 1), radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }
        return "\(hex(high >> 32, 8))-\(hex(high >> 16, 4))-\(hex(high, 4))-\(hex(low >> 48, 4))-\(hex(low, 12))"
    }
}

/// Makes UUIDs of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, 74 random bits.
///
/// The random bits come from wyrand, seeded by the system: unique, but not secret.
package struct UUIDSource: Sendable {
    private var state: UInt64
    private let stream: UInt64

    /// Seeded by the system.
    package init() {
        var system = SystemRandomNumberGenerator()
        self.init(seed: system.next(), stream: system.next())
    }

    /// The same ids for the same seed: for tests.
    package init(seed: UInt64, stream: UInt64 = 0xA076_1D64_78BD_642F) {
        state = seed
        self.stream = stream | 1
    }

    private mutating func random() -> UInt64 {
        state &+= stream
        let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    /// `time`: microseconds since the Unix epoch.
    package mutating func next(at time: Int64) -> EventUUID {
        let milliseconds = UInt64(bitPattern: time / 1000)
        return EventUUID(
            high: milliseconds << 16 | 0x7000 | random() >> 52, low: random() >> 2 | 0x8000_0000_0000_0000)
    }

    /// Version 4: all random.
    package mutating func nextRandom() -> EventUUID {
        EventUUID(
            high: random() & ~0xF000 | 0x4000, low: random() >> 2 | 0x8000_0000_0000_0000)
    }
}
