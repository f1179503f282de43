/// In what session statements run.
package struct StatementSettings: Sendable {
    package var database: String
    package var schema: String
    /// Nil: the user's default.
    package var warehouse: String?
    package var role: String?
    /// Snowflake ends a statement that takes longer.
    package var timeout: Duration

    package init(
        database: String, schema: String, warehouse: String?, role: String?, timeout: Duration = .seconds(600)
    ) {
        self.database = database
        self.schema = schema
        self.warehouse = warehouse
        self.role = role
        self.timeout = timeout
    }
}
