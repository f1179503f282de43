import Synchronization

extension SchemaCache {
    /// Forgets one schema, the list of its versions and what was compiled with it, or all: the next event that names one of them
    /// asks the registry.
    package func purge(_ name: SchemaName? = nil) {
        store?.remove(name)
        state.withLock { state in
            if let name {
                state.forget(.schema(name))
                state.forget(.versions(vendor: name.vendor, name: name.name))
                state.forget(.contract(vendor: name.vendor, name: name.name))
                for (key, entry) in state.entries where entry.references.contain(name) { state.forget(key) }
                for (key, flight) in state.flights where flight.references.contain(name) { state.flights[key] = nil }
            } else {
                state.entries = [:]
                state.flights = [:]
                state.statistics.bytes = 0
            }
            // Whoever purges has mended something.
            state.health.askNow()
        }
    }
}

extension SchemaCache.State {
    /// What is asked meanwhile is not kept.
    mutating func forget(_ key: SchemaCache.Key) {
        if let entry = entries.removeValue(forKey: key) { statistics.bytes -= entry.cost }
        flights[key] = nil
    }
}
