import Synchronization

/// Counts requests by client: a bucket for each, which fills evenly and holds one period's worth. Any thread.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var updated: Int64
    }

    private let limit: Double
    /// Microseconds.
    private let period: Double
    private let clients: Int
    private let seed: UInt64
    private let buckets = Mutex<[UInt64: Bucket]>([:])

    init(_ settings: RateLimitSettings) {
        limit = Double(max(1, settings.requests))
        period = Double(max(1, SpoolSource.microseconds(settings.period)))
        clients = max(1, settings.clients)
        var generator = SystemRandomNumberGenerator()
        seed = generator.next()
    }

    /// Nil when the client may go on; else after how many seconds it may come again. `now`: microseconds of any clock.
    func refuses(_ client: UnsafeRawBufferPointer, now: Int64) -> Int? {
        var key = seed
        for byte in client { key = (key ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return buckets.withLock { buckets in
            var bucket = buckets[key] ?? Bucket(tokens: limit, updated: now)
            let passed = Double(max(0, now - bucket.updated))
            bucket.tokens = min(limit, bucket.tokens + passed / period * limit)
            bucket.updated = now
            let isOver = bucket.tokens < 1
            if !isOver { bucket.tokens -= 1 }
            if buckets[key] == nil, buckets.count >= clients { forget(&buckets, now) }
            buckets[key] = bucket
            guard isOver else { return nil }
            return max(1, Int(((1 - bucket.tokens) * period / limit / 1_000_000).rounded(.up)))
        }
    }

    /// Clients whose buckets are full again are as good as new ones; if there are none, half of all begins anew.
    private func forget(_ buckets: inout [UInt64: Bucket], _ now: Int64) {
        let before = buckets.count
        buckets = buckets.filter { Double(now - $0.value.updated) < period }
        if buckets.count > before / 2 {
            let ages = buckets.values.map(\.updated).sorted()
            let middle = ages[ages.count / 2]
            buckets = buckets.filter { $0.value.updated > middle }
        }
    }

    /// Clients that are counted at the moment.
    var count: Int { buckets.withLock { $0.count } }
}
