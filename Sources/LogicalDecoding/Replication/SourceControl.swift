import CoreIngest
import Synchronization

/// What other threads want of the reader, and what it shows of itself. Every method may be called on any thread.
final class SourceControl: Sendable {
    /// Wakes the reader.
    let signal: WakeSignal
    private let state = Mutex(State())

    private struct State {
        var isStopping = false
        var hasRoom = false
        var wantsReplay = false
        var failure: SourceError?
        var status = SourceStatus()
    }

    /// What the reader is asked for; asking again answers only what came since.
    struct Orders {
        var isStopping: Bool
        var hasRoom: Bool
        var wantsReplay: Bool
        var failure: SourceError?
    }

    init() throws(SourceError) { signal = try WakeSignal() }

    var isStopping: Bool { state.withLock { $0.isStopping } }
    var status: SourceStatus { state.withLock { $0.status } }

    func update(_ change: (inout SourceStatus) -> Void) { state.withLock { change(&$0.status) } }

    func stop() {
        state.withLock { $0.isStopping = true }
        signal.fire()
    }

    func roomAvailable() {
        state.withLock { $0.hasRoom = true }
        signal.fire()
    }

    /// As ``roomAvailable()``, by the reader itself, which is awake.
    func roomMayBe() { state.withLock { $0.hasRoom = true } }

    func replayNeeded() {
        state.withLock { $0.wantsReplay = true }
        signal.fire()
    }

    /// Something beside the reader found that it must not go on.
    func fail(_ error: SourceError) {
        state.withLock { $0.failure = $0.failure ?? error }
        signal.fire()
    }

    func takeOrders() -> Orders {
        state.withLock { state in
            let orders = Orders(
                isStopping: state.isStopping, hasRoom: state.hasRoom, wantsReplay: state.wantsReplay,
                failure: state.failure)
            state.hasRoom = false
            state.wantsReplay = false
            return orders
        }
    }
}
