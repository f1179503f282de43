import CoreIngest

/// One mirror table in the shape of its source, and how its rows are written.
final class BigQueryMirrorTable {
    let name: String
    let stream: StreamDescriptor
    let shape: RowShape
    let types: [BigQueryType]
    /// Names of the key's columns at BigQuery, in the key's order.
    let keyNames: [String]
    /// Serialized.
    let descriptor: [UInt8]
    /// Made in this session, so there is nothing in it.
    var isNew: Bool
    /// How old data of a query may be.
    let isStale: Bool
    private var scratch = ByteArena(capacity: 256)

    init(
        _ name: String, _ stream: StreamDescriptor, _ definition: TableDefinition<BigQueryType>, isNew: Bool,
        isStale: Bool
    ) {
        self.name = name
        self.stream = stream
        self.isNew = isNew
        self.isStale = isStale
        shape = RowShape(stream)
        types = definition.columns.map(\.type)
        let names = definition.columns.map { NameRules.bigQueryColumns.mapped($0.name) }
        keyNames = definition.key.map { names[$0] }
        var fields = zip(names, types).map { RowDescriptor.Field(name: $0, wire: $1.wire) }
        if !definition.key.isEmpty {
            // Source: cloud.google.com/bigquery/docs/change-data-capture.
            fields.append(RowDescriptor.Field(name: "_CHANGE_TYPE", wire: .string))
            fields.append(RowDescriptor.Field(name: "_CHANGE_SEQUENCE_NUMBER", wire: .string))
        }
        descriptor = RowDescriptor(fields: fields).serialized()
    }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === stream || other.columns == stream.columns && other.keyColumns == stream.keyColumns
    }

    /// Writes a row with all its columns.
    func encode(_ row: MirrorRow, into out: inout ByteArena) throws(ValueRefusal) {
        for (index, column) in stream.columns.enumerated() {
            try out.append(field: index + 1, row.values[index], column, as: types[index], scratch: &scratch)
        }
    }

    /// Writes only the key's columns.
    func encodeKey(_ row: MirrorRow, into out: inout ByteArena) throws(ValueRefusal) {
        for index in shape.key {
            try out.append(
                field: index + 1, row.values[index], stream.columns[index], as: types[index], scratch: &scratch)
        }
    }

    /// Writes the key's columns as a query answered them.
    func encodeKey(_ cells: [String?], into out: inout ByteArena) {
        for (cell, index) in zip(cells, shape.key) {
            if let cell { out.append(field: index + 1, key: cell, as: types[index]) }
        }
    }

    /// Writes what makes a row a change. The number orders the changes of a key: the history, then the position in it.
    func encodeChange(_ isRemoval: Bool, _ position: Position, epoch: Int64, into out: inout ByteArena) {
        let field = stream.columns.count + 1
        out.append(field: field, text: isRemoval ? "DELETE" : "UPSERT")
        out.append(field: field + 1, beginningBytes: 17 + PositionText.bytes)
        out.append(hex: UInt64(bitPattern: epoch), digits: 16)
        out.append(UInt8(ascii: "/"))
        out.append(positionText: position)
    }

    /// Writes what a row of a table without a key has besides: operation, LSN, number.
    func encodeAppended(_ record: EventRecord, into out: inout ByteArena) {
        let field = stream.columns.count + 1
        out.append(field: field, beginningBytes: 1)
        out.append(record.operation.rawValue)
        out.append(field: field + 1, text: LogSequenceNumber(record.position.eventCommit).description)
        out.append(field: field + 2, integer: Int64(truncatingIfNeeded: record.position.number))
    }
}
