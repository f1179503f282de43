import Collector
import ServiceLifecycle

/// Runs the collector; on graceful shutdown it takes no more requests, answers those that came, and leaves the rest in its spool.
struct CollectorService: Service {
    let collector: Collector
    /// How long requests that came may take.
    let limit: Duration

    func run() async {
        await withGracefulShutdownHandler {
            await collector.run()
        } onGracefulShutdown: {
            collector.stop(within: limit)
        }
    }
}
