extension SchemaHistory {
    /// The change by which a version differs from the one accepted before it. It is accepted, once and for all, where the policy
    /// allows that, and nil then: what was accepted once stays so, whatever the policy becomes.
    ///
    /// Nothing is kept of a refusal, so that each start asks anew.
    mutating func refusal(
        of version: SchemaVersion, by policy: SchemaPolicy
    ) -> (change: SchemaChange, from: SchemaVersion)? {
        guard let index = entries.lastIndex(where: { $0.version == version }), !entries[index].isAccepted else {
            return nil
        }
        guard let base = entries[..<index].last(where: \.isAccepted) else {
            entries[index].isAccepted = true
            return nil
        }
        let change = SchemaDifference.between(base.signature, entries[index].signature).change
        if policy.action(for: change) == .allow {
            entries[index].isAccepted = true
            return nil
        }
        return (change, base.version)
    }

    /// A person accepts a version. False when there is none such.
    mutating func approve(_ version: SchemaVersion) -> Bool {
        guard let index = entries.lastIndex(where: { $0.version == version }) else { return false }
        entries[index].isAccepted = true
        return true
    }
}
