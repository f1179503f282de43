import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Ends the process at once when SIGTERM or SIGINT comes a second time: what is not delivered comes again at the next start.
struct SecondSignal: Service {
    let logger: Logger

    func run() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        var count = 0
        for await signal in signals.cancelOnGracefulShutdown() {
            count += 1
            if count == 1 {
                logger.notice(
                    "stopping: writing what was read; a second signal ends at once", metadata: ["signal": "\(signal)"])
                continue
            }
            logger.warning("ended at once, by a second signal", metadata: ["signal": "\(signal)"])
            _exit(128 + signal.rawValue)
        }
    }
}
