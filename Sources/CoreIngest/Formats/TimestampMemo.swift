/// Writes timestamps, remembering the last one: the events of a transaction share theirs, and collected events at least
/// their second.
struct TimestampMemo: ~Copyable {
    private var value: Int64 = .min
    private var second: Int64 = .min
    private var text = ByteArena(capacity: 64)

    /// Appends `2026-11-21T01:42:57.123456Z`, without quotes.
    mutating func append(_ microseconds: Int64, to arena: inout ByteArena) {
        if microseconds != value {
            let floor = microseconds >= 0 ? microseconds / 1_000_000 : -((999_999 - microseconds) / 1_000_000)
            if floor != second {
                text.truncate(to: 0)
                text.append(timestamp: microseconds)
                second = floor
            } else {
                text.truncate(to: text.count - 7)
                var rest = microseconds - floor * 1_000_000
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
