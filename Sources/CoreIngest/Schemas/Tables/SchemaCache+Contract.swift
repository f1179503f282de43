extension SchemaCache {
    /// The latest version that a team put into the registry: one that does not say that it was published from a table. Not cached. May
    /// block.
    func contract(vendor: String, name: String) throws(SchemaError) -> (name: SchemaName, text: [UInt8])? {
        try watched { registry throws(SchemaError) in
            for version in try registry.versions(vendor: vendor, name: name).sorted(by: >) {
                guard let name = SchemaName(vendor: vendor, name: name, version: version),
                    let text = try registry.text(of: name)
                else { continue }
                if !SchemaDerivation.isPublished(text, as: name) { return (name, text) }
            }
            return nil
        }
    }

    /// Asks the registry past what is kept; how it answers counts as everywhere.
    private func watched<Result>(
        _ ask: (any SchemaRegistry) throws(SchemaError) -> Result
    ) throws(SchemaError) -> Result {
        do throws(SchemaError) {
            let answer = try ask(registry)
            noteAnswer(nil)
            return answer
        } catch {
            if error.code == .unavailable { noteAnswer(error) }
            throw error
        }
    }
}
