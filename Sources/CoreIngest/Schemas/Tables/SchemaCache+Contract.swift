extension SchemaCache {
    /// The latest version that a team put into the registry: one that does not say that it was published from a table. Not cached. May
    /// block.
    func contract(vendor: String, name: String) throws(SchemaError) -> (name: SchemaName, text: [UInt8])? {
        for version in try registry.versions(vendor: vendor, name: name).sorted(by: >) {
            guard let name = SchemaName(vendor: vendor, name: name, version: version),
                let text = try registry.text(of: name)
            else { continue }
            if !SchemaDerivation.isPublished(text, as: name) { return (name, text) }
        }
        return nil
    }
}
