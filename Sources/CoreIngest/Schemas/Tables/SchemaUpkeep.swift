import Synchronization

/// Keeps tables and registry in step while events flow: publishes derived schemas, and looks for contracts that are new or other
/// than those in force. On a thread of its own, so that a registry may be slow.
package final class SchemaUpkeep: Sendable {
    private let catalogs: [SchemaCatalog]
    private let publisher: SchemaPublisher?
    private let interval: Duration
    private let time: TimeSource
    private let wake = Signal()
    private let orders = Mutex(Orders())

    private struct Orders {
        var isStopping = false
        var wantsRefresh = false
    }

    /// Between two looks at what waits for the registry.
    private static let pause = Duration.seconds(1)

    /// `interval`: how long a contract is in force before the registry is asked again.
    package init(
        _ catalogs: [SchemaCatalog], publisher: SchemaPublisher?, interval: Duration,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.catalogs = catalogs
        self.publisher = publisher
        self.interval = interval
        time = TimeSource(clock)
    }

    /// Looks for contracts now: after a purge.
    package func refresh() {
        orders.withLock { $0.wantsRefresh = true }
        wake.send()
    }

    /// Lets ``run()`` return, after one more attempt to publish what waits.
    package func stop() {
        orders.withLock { $0.isStopping = true }
        wake.send()
    }

    package func run() async {
        let thread = ThreadExecutor(name: "schemas")
        thread.start()
        await Task(executorPreference: thread) { await self.work() }.value
        thread.stop()
    }

    private func work() async {
        var due = time.now() + interval
        while true {
            await wake.wait(atMost: Self.pause, by: time)
            let order = orders.withLock { orders in
                defer { orders.wantsRefresh = false }
                return orders
            }
            let now = time.now()
            publisher?.work(at: now, isLast: order.isStopping)
            if order.isStopping { return }
            let isDue = order.wantsRefresh || now >= due
            for catalog in catalogs { catalog.refresh(onlyUnsettled: !isDue) }
            if isDue { due = time.now() + interval }
        }
    }
}
