import Collector
import ServiceLifecycle
import UnixSignals

/// Reads the collector's certificate again when SIGHUP comes, as tools that renew certificates send it.
struct CertificateSignal: Service {
    let collector: Collector

    func run() async {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { collector.readCertificates() }
    }
}
