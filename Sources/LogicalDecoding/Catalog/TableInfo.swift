package import CoreIngest

/// A table as the catalog has it now.
package struct TableInfo: Sendable, Equatable {
    @ExactText package var schema: String
    @ExactText package var name: String
    /// `pg_class.relkind`: `r` a table, `p` a partitioned one.
    package var kind: UInt8
    package var replicaIdentity: RelationInfo.ReplicaIdentity
    package var comment: String?
    /// Names of the primary key's columns in the key's order; empty where there is none.
    package var primaryKey: [String] = []
    package var columns: [ExactText: Column] = [:]

    package struct Column: Sendable, Equatable {
        @ExactText package var name: String
        package var number: Int
        package var typeOID: UInt32
        package var typeModifier: Int32
        /// As `format_type` writes it: `numeric(12,2)`.
        package var sqlType: String
        package var isNotNull: Bool
        package var comment: String?
        package var isGenerated: Bool
        /// Part of the replica identity.
        package var isIdentity: Bool
        /// `GENERATED ALWAYS AS IDENTITY`.
        package var isAlwaysIdentity = false
        /// So is its collation.
        package var isDeterministic = true
        /// The CHECK constraints that are about it, as SQL.
        package var checks: [String] = []
    }

    /// The columns by attribute number.
    package var orderedColumns: [Column] { columns.values.sorted { $0.number < $1.number } }
}
