extension WritableSchemaRegistry {
    /// Whether the registry has the same JSON under a name already. Throws ``SchemaError/Code/conflict`` when it has another.
    package func isPublished(_ text: [UInt8], as name: SchemaName) throws(SchemaError) -> Bool {
        guard let present = try self.text(of: name) else { return false }
        if present == text || SchemaText.areEqual(present, text) { return true }
        throw conflict(name)
    }

    package func conflict(_ name: SchemaName) -> SchemaError {
        SchemaError(
            .conflict,
            "\(description) has another schema under the name \(name); publish the new one as its next version")
    }
}
