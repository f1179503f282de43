import CoreIngest
import LogicalDecoding
import Synchronization

/// Takes what a source hands over, keeps it as text, and answers as the pipeline would: with acknowledgements that a test holds
/// back, room that it refuses, and a position from which events are wanted.
final class RecordingIntake: Intake {
    struct Event: Sendable, Equatable {
        var position: Position
        var operation: CoreIngest.Operation
        var table: String
        var payload: String
        var key: String
        var isSnapshot: Bool
    }

    private struct State {
        var events: [Event] = []
        var batches = 0
        var partialBatches = 0
        var refuses = false
        var refusals = 0
        var holdsAcknowledgements = false
        var pending: UInt64 = 0
        var last: Position = .start
        var begins: [Position] = []
        var fixedBegin: Position?
        var isOrdered = true
        weak var source: PostgresSource?
        var identity: SourceIdentity?
    }

    private let state = Mutex(State())

    func attach(_ source: PostgresSource) { state.withLock { $0.source = source } }

    var events: [Event] { state.withLock { $0.events } }
    var count: Int { state.withLock { $0.events.count } }
    var batches: Int { state.withLock { $0.batches } }
    var partialBatches: Int { state.withLock { $0.partialBatches } }
    var refusals: Int { state.withLock { $0.refusals } }
    var begins: Int { state.withLock { $0.begins.count } }
    /// Positions only ever rose: nothing came twice.
    var isOrdered: Bool { state.withLock { $0.isOrdered } }

    func refuse(_ value: Bool) {
        let source = state.withLock { state in
            state.refuses = value
            return state.source
        }
        if !value { source?.roomAvailable() }
    }

    /// Offers are taken, but nothing settles until ``release()``.
    func hold() { state.withLock { $0.holdsAcknowledgements = true } }

    func release() {
        state.withLock { $0.holdsAcknowledgements = false }
        settle()
    }

    /// What ``begin(_:)`` answers from now on, instead of the last position taken.
    func wantFrom(_ position: Position?) { state.withLock { $0.fixedBegin = position } }

    private func settle() {
        let (source, identity, position) = state.withLock { state -> (PostgresSource?, SourceIdentity?, UInt64) in
            guard !state.holdsAcknowledgements else { return (nil, nil, 0) }
            return (state.source, state.identity, state.pending)
        }
        if let source, let identity, position > 0 { source.acknowledged(identity, upTo: position) }
    }

    func begin(_ source: SourceIdentity, continues: Predecessor?) -> Position {
        state.withLock { state in
            state.identity = source
            let answer = state.fixedBegin ?? state.last
            state.begins.append(answer)
            return answer
        }
    }

    func offer(_ builder: inout EventBatchBuilder, from source: SourceIdentity, acknowledge: UInt64) -> Bool {
        let isTaken = state.withLock { state in
            if state.refuses {
                state.refusals += 1
                return false
            }
            return true
        }
        guard isTaken else { return false }
        let batch = builder.seal(source: source, acknowledge: acknowledge, receivedAt: 0)
        state.withLock { state in
            state.batches += 1
            if acknowledge == 0 { state.partialBatches += 1 }
            for record in batch.records {
                if record.position <= state.last { state.isOrdered = false }
                state.last = max(state.last, record.position)
                state.events.append(
                    Event(
                        position: record.position, operation: record.operation,
                        table: batch.stream(of: record).qualifiedName, payload: batch.text(of: record.payload),
                        key: batch.text(of: record.key), isSnapshot: record.flags.contains(.snapshot)))
            }
            state.pending = max(state.pending, acknowledge)
        }
        settle()
        return true
    }

    func advance(_ source: SourceIdentity, to position: UInt64) {
        state.withLock { $0.pending = max($0.pending, position) }
        settle()
    }

    func isSettled(_ source: SourceIdentity) -> Bool { state.withLock { !$0.holdsAcknowledgements } }

    /// The rows of a table that the events leave, by key: what a mirror would hold.
    func rows(of table: String) -> [String: String] {
        var rows: [String: String] = [:]
        for event in events where event.table == table {
            switch event.operation {
            case .snapshotBegin, .truncate: rows = [:]
            case .create, .read, .update: rows[event.key] = event.payload
            case .delete: rows[event.key] = nil
            case .none, .message, .schemaChange, .snapshotEnd: break
            }
        }
        return rows
    }
}

/// A checkpoint in memory, which outlives the sources that use it.
final class MemoryCheckpoints: CheckpointStore {
    private let value = Mutex<SourceCheckpoint?>(nil)
    private let history = Mutex<[SourceCheckpoint]>([])

    func load() -> SourceCheckpoint? { value.withLock { $0 } }

    func save(_ checkpoint: SourceCheckpoint) {
        value.withLock { $0 = checkpoint }
        history.withLock { $0.append(checkpoint) }
    }

    func replace(_ change: (inout SourceCheckpoint) -> Void) {
        value.withLock { held in
            guard var checkpoint = held else { return }
            change(&checkpoint)
            held = checkpoint
        }
    }

    var saved: [SourceCheckpoint] { history.withLock { $0 } }
}
