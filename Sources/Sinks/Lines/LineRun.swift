import CoreIngest

/// Consecutive records of a batch that go to the same output, in its format: their lines lie one after the other.
struct LineRun {
    let batch: EventBatch
    let rendered: RenderedBatch
    /// Indices into the batch's records.
    let range: Range<Int>

    /// The lines, each with its newline. Valid while the run lives.
    var bytes: UnsafeRawBufferPointer { rendered.lines(range) }

    /// How many of the first `count` bytes are whole lines, and the first record whose line is not whole there.
    func wholeLines(within count: Int) -> (bytes: Int, next: Int) {
        var low = range.lowerBound
        var high = range.upperBound
        // Halves the span in which the last whole line ends: lines(…) of a prefix grows with the prefix.
        while low < high {
            let middle = (low + high + 1) / 2
            if rendered.lines(range.lowerBound..<middle).count <= count { low = middle } else { high = middle - 1 }
        }
        return (rendered.lines(range.lowerBound..<low).count, low)
    }

    /// Which events of a slice an output takes.
    enum Selection {
        case all
        case valid
        case invalid

        fileprivate func takes(_ record: EventRecord) -> Bool {
            switch self {
            case .all: true
            case .valid: !record.isInvalid
            case .invalid: record.isInvalid
            }
        }
    }

    /// The runs of the selected records of `slices`, in order, without those in `taken`.
    static func runs(
        of slices: [BatchSlice], _ selection: Selection, except taken: borrowing TakenRecords, as format: EventFormat,
        by renderer: EventRenderer
    ) -> [LineRun] {
        var runs: [LineRun] = []
        for slice in slices {
            let rendered = slice.batch.rendered(as: format, by: renderer)
            for range in taken.missing(of: slice) {
                var start = range.lowerBound
                while start < range.upperBound {
                    guard selection.takes(slice.batch.records[start]) else {
                        start += 1
                        continue
                    }
                    var end = start + 1
                    while end < range.upperBound, selection.takes(slice.batch.records[end]) { end += 1 }
                    runs.append(LineRun(batch: slice.batch, rendered: rendered, range: start..<end))
                    start = end
                }
            }
        }
        return runs
    }
}
