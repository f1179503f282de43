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
