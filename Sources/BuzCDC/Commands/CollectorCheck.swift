import Collector
import CoreIngest

/// What `check` finds out about the collector: whether its port is free, and its certificate good.
enum CollectorCheck {
    private static let part = "collector"

    static func run(_ settings: CollectorSettings, isRunning: Bool, _ report: inout CheckReport) async {
        if let tls = settings.tls {
            do throws(CollectorError) {
                let loaded = try TLSFiles.load(tls, now: Timestamp.now() / 1_000_000)
                report.ok(
                    part, "tls",
                    "\(tls.certificateFile) and \(tls.keyFile) go together, until \(TLSFiles.day(Int(loaded.expires)))")
            } catch {
                report.error(part, "tls", error.description)
            }
        }
        if isRunning {
            report.ok(part, "port", "not tried, as the running instance listens on it: see 'buz-cdc status'")
            return
        }
        do throws(CollectorError) {
            try await CollectorServer.probe(host: settings.host, port: settings.port)
            report.ok(part, "port", "\(settings.host):\(settings.port) is free")
        } catch {
            report.error(part, "port", error.description)
        }
    }
}
