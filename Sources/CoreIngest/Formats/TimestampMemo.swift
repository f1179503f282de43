/// Writes timestamps, remembering the last one: the events of a transaction share theirs, and collected events at least
/// their second.
struct TimestampMemo: ~Copyable {
    private var value: Int64?
    /// Since the epoch, rounded down.
    private var second: Int64?
    private var text = ByteArena(capacity: 64)

    /// Appends `2026-11-21T01:42:57.123456Z`, without quotes.
    mutating func append(_ microseconds: Int64, to arena: inout ByteArena) {
        if microseconds != value {
            // Without a product or difference that could overflow: the time comes from the stream, or from a disk.
            let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
            let floor = remainder < 0 ? quotient - 1 : quotient
            if floor != second {
                text.truncate(to: 0)
                text.append(timestamp: microseconds)
                second = floor
            } else {
                text.truncate(to: text.count - 7)
                var rest = remainder < 0 ? remainder + 1_000_000 : remainder
                var divisor: Int64 = 100_000
                while divisor > 0 {
                    text.append(UInt8(truncatingIfNeeded: rest / divisor) &+ 0x30)
                    rest %= divisor
                    divisor /= 10
                }
                text.append(UInt8(ascii: "Z"))
            }
            value = microseconds
        }
        arena.append(text.bytes)
    }
}
