import Synchronization

extension SchemaCache {
    /// What a team put into the registry for a table: the latest version of its name that does not say that it was published from one.
    struct Contract: Sendable {
        var name: SchemaName
        /// Found, or refused.
        var answer: Answer
    }

    /// The contract of a table; nil for none. Waits as ``validator(for:)`` does, and what is found later is there for the next who asks.
    /// Throws when the registry does not answer and nothing is known from before. `afresh`: asks, though something is known.
    func contract(vendor: String, name: String, afresh: Bool) throws(SchemaError) -> Contract? {
        switch content(.contract(vendor: vendor, name: name), afresh: afresh) {
        case .contract(let contract): return contract
        case .schema, .versions: return nil
        case .failed(let error): throw error
        }
    }

    /// Asks the registry, on a thread of the cache's own.
    func fetchContract(
        _ vendor: String, _ table: String, _ references: SchemaReferences
    ) throws(SchemaError) -> Contract? {
        for version in try registry.versions(vendor: vendor, name: table).sorted(by: >) {
            guard let name = SchemaName(vendor: vendor, name: table, version: version) else { continue }
            let found: [UInt8]?
            do throws(SchemaError) { found = try registry.text(of: name) } catch {
                if error.code == .unavailable { throw error }
                // It is there, and too large.
                return Contract(name: name, answer: .refused(error))
            }
            guard let text = found, !SchemaDerivation.isPublished(text, as: name) else { continue }
            if let known = known(name), known.text == text, unreferring(name) {
                return Contract(name: name, answer: .found(known))
            }
            guard case .schema(let answer) = compile(text, as: name, references) else { return nil }
            if case .unavailable(let error) = answer { throw error }
            if case .found = answer { store?.keep(text, as: name) }
            return Contract(name: name, answer: answer)
        }
        return nil
    }

    /// Whether a schema was compiled without others, which may have changed.
    private func unreferring(_ name: SchemaName) -> Bool {
        state.withLock { $0.entries[.schema(name)]?.references.byteCount == 0 }
    }
}
