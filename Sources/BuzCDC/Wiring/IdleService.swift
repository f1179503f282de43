import Collector
import CoreIngest
import LogicalDecoding
import Logging
import NIOPosix
import ServiceLifecycle

/// Returns, which ends the instance, once it has been idle for so long. For `run --until-idle`.
struct IdleService: Service {
    let instance: Instance
    let seconds: Double
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            guard let targets = await targets() else { return }
            var watch = IdleWatch(seconds: seconds, targets: targets)
            let clock = ContinuousClock()
            let start = clock.now
            while !Task.isCancelled {
                // Read first: what is read after it is still on its way.
                let isRead = instance.collector?.isCaughtUp ?? true
                let isSettled = isRead && instance.pipeline.isIdle
                let now = (clock.now - start) / .seconds(1)
                if watch.isDone(instance.status, isSettled: isSettled, at: now) {
                    logger.notice("idle: everything that was there is delivered", metadata: ["seconds": "\(seconds)"])
                    return
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// How far the log of each source's server reaches now; nil when stopped before every server answered.
    private func targets() async -> [String: LogSequenceNumber]? {
        var targets: [String: LogSequenceNumber] = [:]
        for source in instance.sources {
            while targets[source.settings.name] == nil {
                // Asking blocks, which the threads of tasks must not.
                let end = try? await NIOThreadPool.singleton.runIfActive { try source.currentLogEnd() }
                targets[source.settings.name] = end
                if end != nil { break }
                // The source itself logs what is wrong with the server.
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return nil }
            }
        }
        return targets
    }
}
