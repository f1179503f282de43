import CoreIngest

/// What rows of a table look like as messages of Protocol Buffers: field numbers from 1 in the order of the columns.
/// Source: descriptor.proto; cloud.google.com/bigquery/docs/supported-data-types of the Storage Write API.
struct RowDescriptor: Equatable, Sendable {
    /// How a value goes over the wire; raw values are those of `FieldDescriptorProto.Type`.
    enum Wire: UInt64, Sendable {
        case double = 1
        case int64 = 3
        case bool = 8
        case string = 9
        case bytes = 12
    }

    struct Field: Equatable, Sendable {
        var name: String
        var wire: Wire
    }

    var fields: [Field]

    /// A serialized `DescriptorProto`.
    func serialized() -> [UInt8] {
        var out = ByteArena(capacity: 64 * fields.count + 16)
        out.append(field: 1, text: "Row")
        for (index, field) in fields.enumerated() {
            out.append(field: 2) { inner in
                inner.append(field: 1, text: field.name)
                inner.append(field: 3, varint: UInt64(index + 1))
                // LABEL_OPTIONAL: a field that is missing is NULL.
                inner.append(field: 4, varint: 1)
                inner.append(field: 5, varint: field.wire.rawValue)
            }
        }
        return Array(out.bytes)
    }
}
