import CoreIngest

/// One event of a write: which slice, and which record of that slice's batch.
struct EventReference: Hashable, Sendable, BitwiseCopyable {
    var slice: Int32
    var record: Int32

    init(slice: Int, record: Int) {
        self.slice = Int32(slice)
        self.record = Int32(record)
    }

    func record(in slices: [BatchSlice]) -> EventRecord { slices[Int(slice)].batch.records[Int(record)] }
    func batch(in slices: [BatchSlice]) -> EventBatch { slices[Int(slice)].batch }
}

extension WriteOutcome {
    /// All events were taken but for those that were refused.
    init(refusals: [EventReference: SinkFailure]) {
        guard !refusals.isEmpty else {
            self = .delivered
            return
        }
        let rejections = refusals.map { event, failure in
            Rejection(slice: Int(event.slice), record: Int(event.record), failure: failure)
        }
        self = .rejected(rejections.sorted { ($0.slice, $0.record) < ($1.slice, $1.record) })
    }
}
