import CoreIngest
import Glibc

/// What `check` finds out about the schema registry: whether it answers, with the keys that it is asked with.
enum RegistryCheck {
    private static let part = "registry"

    /// Asks for a schema that nobody has: that there is none is a good answer.
    static func run(_ backend: any RegistryBackend, _ report: inout CheckReport) {
        guard let nobodys = SchemaName(vendor: "buz-cdc", name: "check", version: .first) else { return }
        if let folder = backend as? FileRegistryConfiguration, access(folder.path, F_OK) != 0 {
            report.ok(part, "backend", "folder \(folder.path) does not exist: no table has a contract")
            return
        }
        do {
            let registry = try backend.registry()
            do throws(SchemaError) {
                _ = try registry.text(of: nobodys)
                report.ok(part, "backend", "\(registry.description) answers")
            } catch {
                report.error(
                    part, "backend", error.message,
                    remedy: "until it answers, rows of tables that were never seen before become dead letters")
            }
        } catch {
            report.error(part, "backend", "\(error)", remedy: "look at registry.backend")
        }
    }
}
