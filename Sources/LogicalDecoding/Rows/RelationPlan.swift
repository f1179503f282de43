import CoreIngest

/// All that is needed to write the rows of one relation, made once: names as JSON fragments, and each column's writer.
final class RelationPlan: Sendable {
    let relation: RelationInfo
    let shape: TableShape
    /// Nil when the table is left out.
    let stream: StreamDescriptor?
    let columns: [ColumnPlan]
    let nested: NestedWriters
    /// Indices into `columns`, in the key's order.
    let keyColumns: [Int]
    /// Begins the hash of every key of this table.
    let keySeed: UInt64
    // Written once in init and only read until deinit, so sharing it is safe.
    nonisolated(unsafe) private let fragments: UnsafeRawBufferPointer

    struct ColumnPlan: BitwiseCopyable, Sendable {
        var fragmentStart: Int
        var fragmentCount: Int
        var writer: ColumnWriter
        var isIdentity: Bool
    }

    init(_ relation: RelationInfo, database: String, catalog: Catalog, streams: StreamCache) {
        let shape = TableShape(relation, database: database, catalog: catalog)
        self.relation = relation
        self.shape = shape
        stream = streams.stream(of: relation.id, shape: shape)
        keyColumns = shape.keyColumns
        keySeed = KeyHash.seed(schema: relation.schema, table: relation.name)
        var nested = NestedWriters()
        var bytes: [UInt8] = []
        columns = relation.columns.map { column in
            let fragment = Fragment.make(column.name)
            defer { bytes += fragment }
            return ColumnPlan(
                fragmentStart: bytes.count, fragmentCount: fragment.count,
                writer: nested.writer(of: column.typeOID, in: catalog.types), isIdentity: column.isIdentity)
        }
        self.nested = nested
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
        storage.copyBytes(from: bytes)
        fragments = UnsafeRawBufferPointer(storage)
    }

    deinit { fragments.deallocate() }

    /// `,"name":` of a column of this plan. Valid while the plan is.
    @inline(__always)
    func fragment(_ column: ColumnPlan) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: fragments[column.fragmentStart..<column.fragmentStart &+ column.fragmentCount])
    }
}
