package import CoreIngest

/// The built-in schemas before a registry: they are answered without asking it, also while it is down.
package struct BuiltInRegistry: SchemaRegistry {
    private let registry: any SchemaRegistry

    package init(before registry: any SchemaRegistry) { self.registry = registry }

    package var description: String { registry.description }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        if let schema = BuiltInSchema.all[name] { return schema.text }
        return try registry.text(of: name)
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        let own = BuiltInSchema.all.keys.filter { $0.vendor == vendor && $0.name == name }.map(\.version)
        return try own + registry.versions(vendor: vendor, name: name).filter { !own.contains($0) }
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        guard let names = try registry.names(most: most) else { return nil }
        return Array(Set(names).union(BuiltInSchema.all.keys).sorted().prefix(most))
    }
}
