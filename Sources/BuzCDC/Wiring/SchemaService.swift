import CoreIngest
import ServiceLifecycle

/// Publishes schemas and follows contracts as long as the instance runs.
struct SchemaService: Service {
    let upkeep: SchemaUpkeep

    func run() async {
        await withGracefulShutdownHandler {
            await upkeep.run()
        } onGracefulShutdown: {
            upkeep.stop()
        }
    }
}
