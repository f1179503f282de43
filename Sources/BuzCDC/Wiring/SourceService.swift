import LogicalDecoding
import ServiceLifecycle

/// Runs one source; on graceful shutdown it stops reading, and ends when what it handed over is settled and reported.
struct SourceService: Service {
    let source: PostgresSource

    func run() async throws {
        try await withGracefulShutdownHandler {
            do {
                try await source.run()
            } catch let error as SourceError {
                throw CommandFailure.failed("input \(source.settings.name): \(error.message)")
            }
        } onGracefulShutdown: {
            source.stop()
        }
    }
}
