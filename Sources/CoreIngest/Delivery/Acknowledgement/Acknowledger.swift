import Logging
import Synchronization

/// Persists what is settled, then tells the sources: never the other way round, so that a crash in between repeats events and
/// does not lose any.
///
/// Gathers: at most one round every 50 ms, but the first after a pause at once.
final class Acknowledger: Sendable {
    private let settlement: Settlement
    private let persist: @Sendable (SourceIdentity, UInt64) throws -> Void
    private let time: TimeSource
    private let logger: Logger
    /// Cuts pauses short.
    private let interrupt = Signal()
    private let isStopped = Atomic<Bool>(false)
    private let error = Mutex<String?>(nil)
    private static let pause = Duration.milliseconds(50)
    private static let pauseAfterError = Duration.seconds(1)

    init(
        settlement: Settlement, persist: @escaping @Sendable (SourceIdentity, UInt64) throws -> Void, time: TimeSource,
        logger: Logger
    ) {
        self.settlement = settlement
        self.persist = persist
        self.time = time
        self.logger = logger
    }

    var lastError: String? { error.withLock { $0 } }

    func run() async {
        var last: Duration?
        while true {
            let isLastRound = isStopped.load(ordering: .sequentiallyConsistent)
            if !settlement.due().isEmpty {
                if !isLastRound, let last, time.now() - last < Self.pause {
                    await interrupt.wait(atMost: Self.pause - (time.now() - last), by: time)
                }
                // What was settled during the pause goes along.
                let isDone = acknowledge(settlement.due())
                last = time.now()
                if !isDone, !isLastRound {
                    await interrupt.wait(atMost: Self.pauseAfterError, by: time)
                    continue
                }
            }
            if isLastRound { return }
            await settlement.changed.wait()
        }
    }

    /// After one more round ``run()`` returns.
    func stop() {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        interrupt.send()
        settlement.changed.send()
    }

    /// False when something could not be persisted.
    private func acknowledge(_ due: [Settlement.Due]) -> Bool {
        for one in due {
            do {
                try persist(one.identity, one.token)
                settlement.tell(one)
                report(nil)
            } catch {
                report("\(error)")
                return false
            }
        }
        return true
    }

    private func report(_ text: String?) {
        let isNew = error.withLock { error in
            defer { error = text }
            return error != text
        }
        guard isNew else { return }
        if let text {
            logger.error("Acknowledgements cannot be persisted, so none are sent: \(text)")
        } else {
            logger.info("Acknowledgements are persisted again.")
        }
    }
}
