/// `R`: what the rows that follow look like.
struct RelationMessage: Equatable {
    /// The subtransaction, inside a streamed transaction only.
    var xid: UInt32?
    var relation: RelationInfo

    init(from reader: inout MessageReader, streamed: Bool) throws(DecodingError) {
        xid = streamed ? try reader.uint32() : nil
        let id = try reader.uint32()
        let schema = try reader.string()
        let name = try reader.string()
        let identity = try reader.byte()
        guard let replicaIdentity = RelationInfo.ReplicaIdentity(rawValue: identity) else {
            throw reader.error(
                .malformed, "a replica identity of 0x\(String(identity, radix: 16))", at: reader.offset - 1)
        }
        let count = try reader.count16()
        var columns: [RelationInfo.Column] = []
        // A column takes at least ten bytes: a false count must not reserve memory.
        columns.reserveCapacity(min(count, reader.remaining / 10))
        for _ in 0..<count {
            let flags = try reader.byte()
            columns.append(
                RelationInfo.Column(
                    name: try reader.string(), isIdentity: flags & 1 != 0, typeOID: try reader.uint32(),
                    typeModifier: Int32(bitPattern: try reader.uint32())))
        }
        try reader.finish()
        relation = RelationInfo(
            id: id, schema: schema.isEmpty ? "pg_catalog" : schema, name: name, replicaIdentity: replicaIdentity,
            columns: columns)
    }
}

/// `Y`: a type that is not built in. For a domain `oid` is the domain's, but the name that of its base type.
struct TypeMessage: Equatable {
    var xid: UInt32?
    var oid: UInt32
    var namespace: String
    var name: String

    init(from reader: inout MessageReader, streamed: Bool) throws(DecodingError) {
        xid = streamed ? try reader.uint32() : nil
        oid = try reader.uint32()
        namespace = try reader.string()
        name = try reader.string()
        if namespace.isEmpty { namespace = "pg_catalog" }
        try reader.finish()
    }
}
