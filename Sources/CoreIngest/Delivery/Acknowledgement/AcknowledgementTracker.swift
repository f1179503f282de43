/// Up to where one source may forget: the greatest token such that every required lane has settled all that came before it.
///
/// A state machine without I/O. Batches have sequence numbers from 1; each may carry a token (0: none, it ends inside a
/// transaction). A lane settles in order: its report means "everything I was given up to here". A lane that lost its place
/// (it had to drop a batch) holds the acknowledgement before that batch until the source has begun again.
struct AcknowledgementTracker: Sendable {
    private struct Entry: Sendable {
        var sequence: UInt64
        var token: UInt64
    }

    /// Only those whose token is not acknowledged yet, in order of sequence and of token.
    private var entries = FIFO<Entry>()
    /// By required lane: everything up to this sequence is settled.
    private var settled: [UInt64]
    /// By required lane: it has lost its place.
    private var lost: [Bool]
    /// The sequence number given out last.
    private(set) var last: UInt64 = 0
    /// Never falls.
    private(set) var acknowledged: UInt64 = 0

    /// `lanes`: the number of lanes whose delivery is required; reports name them by index.
    init(lanes: Int) {
        settled = Array(repeating: 0, count: lanes)
        lost = Array(repeating: false, count: lanes)
    }

    /// Everything that was offered is settled by every required lane.
    var isSettled: Bool { floor == last && !lost.contains(true) }

    /// Required lanes that have lost their place.
    var isHeld: Bool { lost.contains(true) }

    private var floor: UInt64 { settled.min() ?? last }

    /// A batch is handed to the lanes. Answers its sequence number.
    mutating func offered(token: UInt64) -> UInt64 {
        last += 1
        // While a lane is lost nothing new can be acknowledged, and all of it will be offered again.
        if token > 0, !isHeld { entries.append(Entry(sequence: last, token: token)) }
        release()
        return last
    }

    /// The source has nothing pending up to `token`: it counts as an empty batch.
    mutating func advance(to token: UInt64) {
        guard !isHeld, token > acknowledged else { return }
        if let entry = entries.last, entry.sequence == last {
            entries.updateLast { $0.token = max($0.token, token) }
        } else {
            entries.append(Entry(sequence: last, token: token))
        }
        release()
    }

    /// A lane has settled everything that it was given up to `sequence`.
    mutating func settled(lane: Int, through sequence: UInt64) {
        precondition(sequence <= last)
        settled[lane] = max(settled[lane], sequence)
        release()
    }

    /// A lane had to drop the batch `sequence`, and will drop all that follow until ``resumed(lane:)``.
    mutating func lostPlace(lane: Int, at sequence: UInt64) {
        lost[lane] = true
        while let entry = entries.last, entry.sequence >= sequence { _ = entries.popLast() }
    }

    /// The source has begun again, from the acknowledged position, and the lane takes part again. Answers the number of the
    /// last batch so far: the lane has settled it once it has settled all that it still holds.
    mutating func resumed(lane: Int) -> UInt64 {
        lost[lane] = false
        return last
    }

    private mutating func release() {
        let floor = floor
        while let entry = entries.first, entry.sequence <= floor {
            acknowledged = max(acknowledged, entry.token)
            _ = entries.popFirst()
        }
    }
}
