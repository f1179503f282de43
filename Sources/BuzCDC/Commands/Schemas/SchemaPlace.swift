import Collector
import CoreIngest

/// Where a schema is that a command was given: a file, or `iglu:…` in the registry of a configuration.
struct SchemaPlace {
    var place: String
    /// The configuration's file.
    var config: String?

    /// What reports call it. A file has no name as registries have it; one made of the file's name stands in for it.
    func name() throws(CommandFailure) -> SchemaName {
        if isRegistered { return try registered() }
        let title = SchemaName.part(from: place.split(separator: "/").last.map(String.init) ?? place)
        guard let name = SchemaName(vendor: "local", name: title, version: .first) else {
            throw .usage("the schema \(place) has no name that can be used; call the file otherwise")
        }
        return name
    }

    func text() throws(CommandFailure) -> [UInt8] {
        guard isRegistered else {
            do throws(BoundedFile.Failure) {
                return try BoundedFile.read(place, limit: SchemaOptions().mostBytes, regularOnly: false)
            } catch {
                throw .usage("the schema \(place) \(error.reason)")
            }
        }
        let name = try registered()
        guard let registry = try registry() else {
            throw .usage("'\(place)' is in a registry: say with --config which")
        }
        let found: [UInt8]?
        do throws(SchemaError) { found = try registry.text(of: name) } catch {
            throw .failed("\(registry.description): \(error)")
        }
        guard let found else { throw .usage("\(registry.description) has no schema \(name)") }
        return found
    }

    /// The registry of the configuration with the built-in schemas, as a running instance has it; nil without one.
    func registry() throws(CommandFailure) -> (any SchemaRegistry)? {
        guard let config else { return nil }
        return BuiltInRegistry(
            before: try ConfigurationOption.load(path: config).configuration.registry.backend.registry())
    }

    private var isRegistered: Bool { place.hasPrefix("iglu:") }

    private func registered() throws(CommandFailure) -> SchemaName {
        guard let name = SchemaName(parsing: place) else {
            throw .usage("'\(place)' is no name of a schema; write iglu:VENDOR/NAME/jsonschema/1-0-0")
        }
        return name
    }
}
