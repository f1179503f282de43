import Synchronization

/// Wakes one waiting task. A signal sent while nobody waits is kept for the next wait; several count as one.
///
/// One task waits at a time; any thread may send.
package final class Signal: Sendable {
    private enum State {
        case quiet
        case signalled
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex<State>(.quiet)

    package init() {}

    package func send() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            switch state {
            case .quiet:
                state = .signalled
                return nil
            case .signalled:
                return nil
            case .waiting(let continuation):
                state = .quiet
                return continuation
            }
        }
        waiter?.resume()
    }

    package func wait() async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Bool in
                switch state {
                case .quiet:
                    state = .waiting(continuation)
                    return false
                case .signalled:
                    state = .quiet
                    return true
                case .waiting:
                    preconditionFailure("Two tasks wait for one signal.")
                }
            }
            if ready { continuation.resume() }
        }
    }

    /// Waits until the signal or until the time is over. May also return early without either.
    func wait(atMost limit: Duration, by time: TimeSource) async {
        guard limit > .zero else { return }
        // Its own task, and not a child: a child that sleeps on a manual clock would keep the group from ending.
        let timer = Task { [self] in
            guard (try? await time.sleep(limit)) != nil else { return }
            send()
        }
        await wait()
        timer.cancel()
    }
}
