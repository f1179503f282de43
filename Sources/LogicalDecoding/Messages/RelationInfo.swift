package import CoreIngest

/// What a Relation message says of a table, as it was when the change was made. Source: "Relation" in the manual's
/// section "Logical Replication Message Formats".
package struct RelationInfo: Sendable, Equatable {
    /// The table's OID; of the root when the publication publishes by the root of partitions.
    package var id: UInt32
    /// The schema's name; `pg_catalog` is sent as an empty string and stands here in full.
    @ExactText package var schema: String
    @ExactText package var name: String
    package var replicaIdentity: ReplicaIdentity
    /// In the order of the values in each row: not the attribute numbers, as some columns are not published.
    package var columns: [Column]

    package struct Column: Sendable, Equatable {
        @ExactText package var name: String
        /// Part of the replica identity, which is not always the primary key.
        package var isIdentity: Bool
        package var typeOID: UInt32
        /// -1: none.
        package var typeModifier: Int32

        package init(name: String, isIdentity: Bool, typeOID: UInt32, typeModifier: Int32 = -1) {
            self.name = name
            self.isIdentity = isIdentity
            self.typeOID = typeOID
            self.typeModifier = typeModifier
        }
    }

    /// `pg_class.relreplident`.
    package enum ReplicaIdentity: UInt8, Sendable {
        /// The primary key, when there is one.
        case primaryKey = 0x64  // d
        case nothing = 0x6E  // n
        case full = 0x66  // f
        case index = 0x69  // i
    }

    package init(id: UInt32, schema: String, name: String, replicaIdentity: ReplicaIdentity, columns: [Column]) {
        self.id = id
        self.schema = schema
        self.name = name
        self.replicaIdentity = replicaIdentity
        self.columns = columns
    }

    /// `schema.name`, for people.
    package var qualifiedName: String { "\(schema).\(name)" }
}
