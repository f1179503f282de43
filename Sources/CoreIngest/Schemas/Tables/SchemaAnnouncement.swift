/// What tells the readers of events that a table has another schema from its next row on: the stream and the payload of an event.
package struct SchemaAnnouncement: Sendable {
    /// Of the table, with ``SchemaChangeSchema/name`` as its schema.
    package let stream: StreamDescriptor
    /// JSON, as ``SchemaChangeSchema`` says.
    package let payload: [UInt8]
    package let change: SchemaChange

    init(
        database: String, schema: String, table: String, from: SchemaName, to: SchemaName,
        _ difference: SchemaDifference
    ) {
        stream = StreamDescriptor(
            database: database, schemaName: schema, table: table, columns: [], keyColumns: [],
            schema: SchemaChangeSchema.name, validator: nil)
        change = difference.change
        var arena = ByteArena(capacity: 1024)
        for (index, (name, text)) in [
            ("database", database), ("schema", schema), ("table", table), ("from", from.description),
            ("to", to.description), ("class", difference.change.rawValue),
        ].enumerated() {
            arena.append(index == 0 ? "{" : ",")
            arena.appendJSONString(text: name)
            arena.append(":")
            arena.appendJSONString(text: text)
        }
        arena.append(",\"added\":[")
        arena.append(list: difference.added) { $0.append($1, isNamed: true) }
        arena.append("],\"removed\":[")
        arena.append(list: difference.removed) { $0.append($1, isNamed: true) }
        arena.append("],\"renamed\":[")
        arena.append(list: difference.renamed) { arena, pair in
            arena.append("{\"from\":")
            arena.appendJSONString(text: pair.old.name)
            arena.append(",\"to\":")
            arena.appendJSONString(text: pair.new.name)
            arena.append("}")
        }
        arena.append("],\"changed\":[")
        arena.append(list: difference.changed) { arena, pair in
            arena.append("{\"name\":")
            arena.appendJSONString(text: pair.new.name)
            arena.append(",\"from\":")
            arena.append(pair.old, isNamed: false)
            arena.append(",\"to\":")
            arena.append(pair.new, isNamed: false)
            arena.append("}")
        }
        arena.append("]")
        if let key = difference.key {
            arena.append(",\"key\":{\"from\":")
            arena.append(strings: key.old)
            arena.append(",\"to\":")
            arena.append(strings: key.new)
            arena.append("}")
        }
        arena.append(",\"reasons\":")
        arena.append(strings: difference.reasons.map(\.text))
        arena.append("}")
        payload = Array(arena.bytes)
    }
}

extension ByteArena {
    fileprivate mutating func append<Element>(list: [Element], _ write: (inout ByteArena, Element) -> Void) {
        for (index, element) in list.enumerated() {
            if index > 0 { append(",") }
            write(&self, element)
        }
    }

    fileprivate mutating func append(_ column: ColumnSignature, isNamed: Bool) {
        append("{")
        if isNamed {
            append("\"name\":")
            appendJSONString(text: column.name)
            append(",")
        }
        append("\"type\":")
        appendJSONString(text: column.sqlType ?? column.family)
        append(column.isNullable ? ",\"nullable\":true" : ",\"nullable\":false")
        if !column.labels.isEmpty {
            append(",\"labels\":")
            append(strings: column.labels)
        }
        append("}")
    }
}
