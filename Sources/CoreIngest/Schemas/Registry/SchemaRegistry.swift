/// Where schemas are kept: a folder, a web server, a table. Asked by ``SchemaCache``, and by commands.
///
/// Calls may block, and have a time limit of their own; any thread. A text is a JSON Schema, self-describing or not.
package protocol SchemaRegistry: Sendable {
    /// For people and status pages; without secrets.
    var description: String { get }
    /// The text of a schema; nil when the registry answers that it has none. Throws ``SchemaError/Code/unavailable`` when it
    /// does not answer, and another code when what it answers cannot be a schema.
    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]?
    /// The versions that the registry has of a schema, in any order; empty for none.
    func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion]
    /// The names that the registry has, at most so many, sorted; nil when it cannot list them.
    func names(most: Int) throws(SchemaError) -> [SchemaName]?
}

extension SchemaRegistry {
    /// What schemas refer to by name, from this registry.
    package var lookup: SchemaOptions.Lookup {
        { uri throws(SchemaError) in
            guard let name = SchemaName(parsing: uri) else { return nil }
            return try self.text(of: name)
        }
    }
}

/// A registry that takes schemas.
///
/// A version is written once: publishing the same JSON again changes nothing, publishing another under its name is a
/// ``SchemaError/Code/conflict``. When ``publish(_:as:)`` returns, every reader of the registry gets the schema, also after a crash.
package protocol WritableSchemaRegistry: SchemaRegistry {
    /// Throws ``SchemaError/Code/unavailable`` when it may work later, ``SchemaError/Code/denied`` when it is not allowed.
    func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError)
}
