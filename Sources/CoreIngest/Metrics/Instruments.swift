import Synchronization

/// A number that only grows. Any thread.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    package func add(_ amount: Int = 1) { count.wrappingAdd(UInt64(amount), ordering: .relaxed) }
    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down. Any thread.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    package init() {}

    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    package func set(_ value: Int) { set(Double(value)) }
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How often values fell at or below each of some bounds. Any thread; once per write, not per event.
package final class Histogram: Sendable {
    package struct Contents: Sendable, Equatable {
        /// By bound, and one more for what lies above all; not cumulative.
        package var counts: [UInt64]
        package var sum: Double
    }

    /// Ascending.
    package let bounds: [Double]
    private let state: Mutex<Contents>

    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Contents(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    package func observe(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[place] += 1
            $0.sum += value
        }
    }

    package var contents: Contents { state.withLock { $0 } }

    /// Seconds, from 100 µs to a minute.
    package static let durations: [Double] = [
        0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
}
