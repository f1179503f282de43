import CoreIngest

/// What a write that failed half-way had already put into the destination, so that the same call, made again, goes on
/// from there instead of repeating it.
///
/// Records are known by their batch object: events that come back in another batch (from the lane's park, or from the
/// source) are not recognised, and are written again with the same `uuid`. Holds the batches until ``forget()``.
struct TakenRecords {
    private var ranges: [(batch: EventBatch, range: Range<Int>)] = []

    var isEmpty: Bool { ranges.isEmpty }

    mutating func add(_ batch: EventBatch, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        if let last = ranges.last, last.batch === batch, last.range.upperBound == range.lowerBound {
            ranges[ranges.count - 1].range = last.range.lowerBound..<range.upperBound
        } else {
            ranges.append((batch, range))
        }
    }

    mutating func forget() { ranges.removeAll() }

    /// The parts of a slice that are not taken yet, in order.
    func missing(of slice: BatchSlice) -> [Range<Int>] {
        var missing = [slice.range]
        for taken in ranges where taken.batch === slice.batch {
            var rest: [Range<Int>] = []
            for range in missing {
                let before = range.lowerBound..<max(range.lowerBound, min(range.upperBound, taken.range.lowerBound))
                let after = min(range.upperBound, max(range.lowerBound, taken.range.upperBound))..<range.upperBound
                if !before.isEmpty { rest.append(before) }
                if !after.isEmpty { rest.append(after) }
            }
            missing = rest
        }
        return missing.filter { !$0.isEmpty }
    }
}
