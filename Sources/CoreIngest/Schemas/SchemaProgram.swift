/// A compiled schema.
struct SchemaProgram: Sendable {}
