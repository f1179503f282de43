/// A position in a Postgres write-ahead log: bytes since its beginning. Printed as Postgres does: `16/B374D848`.
@frozen public struct LogSequenceNumber: Comparable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// Bytes of log since the cluster was made.
    public var rawValue: UInt64

    /// A place by its number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// 0/0, which Postgres uses for "none".
    public static var none: LogSequenceNumber { @inlinable get { LogSequenceNumber(0) } }

    /// Reads `16/B374D848`; nil when malformed.
    public init?(parsing text: some StringProtocol) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, (1...8).contains(halves[0].utf8.count), (1...8).contains(halves[1].utf8.count),
            let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16)
        else { return nil }
        rawValue = UInt64(high) << 32 | UInt64(low)
    }

    /// Earlier in the log.
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Postgres's own form, `16/B374D848`.
    public var description: String {
        "\(String(rawValue >> 32, radix: 16, uppercase: true))/\(String(rawValue & 0xFFFF_FFFF, radix: 16, uppercase: true))"
    }
}

extension ByteArena {
    /// Appends `16/B374D848`, without quotes.
    public mutating func append(_ lsn: LogSequenceNumber) {
        appendUpperHex(lsn.rawValue >> 32)
        append(UInt8(ascii: "/"))
        appendUpperHex(lsn.rawValue & 0xFFFF_FFFF)
    }

    private mutating func appendUpperHex(_ value: UInt64) {
        var shift = max(0, (63 - value.leadingZeroBitCount) / 4 * 4)
        if value == 0 { shift = 0 }
        while shift >= 0 {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
            append(nibble < 10 ? nibble + 0x30 : nibble + 0x37)
            shift -= 4
        }
    }
}
