import Synchronization

/// Ends requests from another thread: those that run return within milliseconds, those that come later at once, all with
/// ``HTTPError/Code/cancelled``. Any thread; one object may be used for many requests.
package final class HTTPCancellation: Sendable {
    private struct State {
        var isCancelled = false
        var running: [ObjectIdentifier: Transfer] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func cancel() {
        // Under the lock, so that a transfer which has left is not stopped on behalf of its last request.
        state.withLock { state in
            state.isCancelled = true
            for transfer in state.running.values { transfer.stop() }
        }
    }

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// False when it is too late to begin.
    func enter(_ transfer: Transfer) -> Bool {
        state.withLock { state in
            if state.isCancelled { return false }
            state.running[ObjectIdentifier(transfer)] = transfer
            return true
        }
    }

    func leave(_ transfer: Transfer) {
        _ = state.withLock { $0.running.removeValue(forKey: ObjectIdentifier(transfer)) }
    }
}
