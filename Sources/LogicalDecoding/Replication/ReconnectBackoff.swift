/// How long to wait before connecting again: doubling from 100 ms to 10 s, each drawn from the upper half of its range.
///
/// attempt:  1        2        3        4        5        6        7        8+
/// ceiling:  100 ms   200 ms   400 ms   800 ms   1.6 s    3.2 s    6.4 s    10 s
struct ReconnectBackoff {
    private(set) var attempt = 0

    /// `random`: from 0 up to 1.
    mutating func next(random: Double = .random(in: 0..<1)) -> Duration {
        attempt += 1
        let ceiling = min(10_000, 100 * Double(1 << min(attempt - 1, 16)))
        return .milliseconds(Int(ceiling * (0.5 + random / 2)))
    }

    /// It worked.
    mutating func reset() { attempt = 0 }
}
