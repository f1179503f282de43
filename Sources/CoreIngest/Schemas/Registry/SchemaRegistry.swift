/// Where schemas are kept: a folder, a web server, a table. Asked by ``SchemaCache`` only.
///
/// Calls may block, and have a time limit of their own; any thread. A text is a JSON Schema, self-describing or not.
package protocol SchemaRegistry: Sendable {
    /// For people and status pages.
    var description: String { get }
    /// The text of a schema; nil when the registry answers that it has none. Throws ``SchemaError/Code/unavailable`` when it
    /// does not answer.
    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]?
    /// The versions that the registry has of a schema, in any order; empty for none.
    func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion]
}
