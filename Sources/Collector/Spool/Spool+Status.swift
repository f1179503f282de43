import CoreIngest
import Synchronization

extension Spool {
    package struct Status: Sendable, Equatable {
        /// On disk, in whole files.
        package var bytes: Int
        package var pendingBytes: Int
        package var limitBytes: Int
        /// Written and not acknowledged.
        package var unacknowledgedBytes: UInt64
        /// When the oldest of that was written: microseconds since the Unix epoch, within a tenth of a second.
        package var oldest: Int64?
        /// Why events cannot be kept; nil when they can.
        package var failure: String?
        package var isFull: Bool
    }

    package var status: Status {
        let (oldest, failure, waiting) = state.withLock { state in
            let acknowledged = acknowledged
            let waiting = state.segments.reduce(UInt64(0)) { sum, segment in
                let begin = max(segment.start + UInt64(SpoolSegment.headerBytes), acknowledged)
                return begin < segment.end ? sum + segment.end - begin : sum
            }
            return (waiting > 0 ? state.times.first?.time : nil, state.failure, waiting)
        }
        return Status(
            bytes: diskBytes.load(ordering: .relaxed), pendingBytes: pendingBytes.load(ordering: .relaxed),
            limitBytes: settings.maxBytes, unacknowledgedBytes: waiting, oldest: oldest, failure: failure,
            isFull: shortage(0) != nil)
    }
}
