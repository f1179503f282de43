import CoreIngest
import ServiceLifecycle

/// Runs the pipeline; on graceful shutdown, which reaches it after the sources have ended, the lanes write what they hold.
struct PipelineService: Service {
    let pipeline: Pipeline
    /// How long the lanes may take.
    let limit: Duration

    func run() async {
        await withGracefulShutdownHandler {
            await pipeline.run()
        } onGracefulShutdown: {
            pipeline.stop(within: limit)
        }
    }
}
