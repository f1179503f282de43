import Synchronization

/// Puts derived schemas into a registry, in the order in which they came, without anyone waiting for it. Any thread.
///
/// What waits is bounded; a registry that does not answer is asked again, ever more rarely. A schema that the registry refuses is told
/// of and left out. After a restart the present schema of each table is offered again: publishing the same JSON twice changes nothing.
package final class SchemaPublisher: Sendable {
    package struct Status: Sendable, Equatable {
        package var waiting = 0
        package var published = 0
        /// Schemas that the registry will not take, or that found no room to wait.
        package var refused = 0
        /// Why the last attempt failed; nil after one that did not.
        package var lastError: String?

        package init() {}
    }

    private struct State {
        var waiting: [(name: SchemaName, text: [UInt8])] = []
        var status = Status()
        var attempt = 0
        /// Not before: time since the clock's beginning.
        var next: Duration = .zero
    }

    package static let mostWaiting = 1024
    private let registry: any WritableSchemaRegistry
    private let retry = RetryPolicy(first: .milliseconds(500), cap: .seconds(60))
    private let notice: @Sendable (String) -> Void
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// `notice` and `warn` get lines for the log.
    package init(
        _ registry: any WritableSchemaRegistry, notice: @escaping @Sendable (String) -> Void = { _ in },
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.registry = registry
        self.notice = notice
        self.warn = warn
    }

    /// To be published when the registry takes it. Does not block.
    package func offer(_ text: [UInt8], as name: SchemaName) {
        let isFull = state.withLock { state in
            if state.waiting.contains(where: { $0.name == name }) { return false }
            guard state.waiting.count < Self.mostWaiting else {
                state.status.refused += 1
                return true
            }
            state.waiting.append((name, text))
            return false
        }
        if isFull { warn("the schema \(name) is not published, as \(Self.mostWaiting) others wait for the registry") }
    }

    package var status: Status {
        state.withLock { state in
            var status = state.status
            status.waiting = state.waiting.count
            return status
        }
    }

    /// Publishes what waits, until something fails that may pass. `now`: of a clock that does not jump; `isLast`: do not wait for the
    /// next attempt's time. Blocks as long as the registry does.
    func work(at now: Duration, isLast: Bool = false) {
        while let (name, text) = state.withLock({ isLast || now >= $0.next ? $0.waiting.first : nil }) {
            do throws(SchemaError) {
                try registry.publish(text, as: name)
                finish(name) { $0.published += 1 }
                notice("published the schema \(name) into \(registry.description)")
            } catch  where error.code == .unavailable {
                let (isFirst, count) = state.withLock { state in
                    state.attempt += 1
                    state.next = now + retry.delay(attempt: state.attempt, jitter: 1)
                    state.status.lastError = "\(error)"
                    return (state.attempt == 1, state.waiting.count)
                }
                if isFirst { warn("\(count) schemas wait to be published, and are tried again: \(error)") }
                return
            } catch {
                finish(name) { $0.refused += 1 }
                state.withLock { $0.status.lastError = "\(error)" }
                warn("the schema \(name) is not published: \(error)")
            }
        }
    }

    private func finish(_ name: SchemaName, _ count: (inout Status) -> Void) {
        state.withLock { state in
            state.waiting.removeAll { $0.name == name }
            state.attempt = 0
            state.next = .zero
            state.status.lastError = nil
            count(&state.status)
        }
    }
}
