import CoreIngest

/// One mirror table as this session knows it, for one shape of its source table.
final class MirrorTarget {
    /// One column of the source, and what it is in the target.
    struct Column {
        /// As SQL writes it.
        var sql: String
        var form: PostgresTextForm
        /// False for columns that the target computes itself.
        var isWritable: Bool
    }

    let table: PostgresTable
    let descriptor: StreamDescriptor
    /// In the descriptor's order.
    let columns: [Column]
    let shape: RowShape
    /// Indices into ``columns`` of all that are written.
    let writable: [Int]
    /// The session's temporary table of the same columns, once it is made.
    var stage: String?

    init(table: PostgresTable, descriptor: StreamDescriptor, columns: [Column]) {
        self.table = table
        self.descriptor = descriptor
        self.columns = columns
        shape = RowShape(descriptor)
        writable = columns.indices.filter { columns[$0].isWritable }
    }

    /// Indices into ``columns``, in the key's order; empty where the table has no key.
    var key: [Int] { shape.key }
    var hasKey: Bool { !key.isEmpty }

    /// Whether a descriptor is of the same shape, so that this target serves it too.
    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    func list(_ indices: [Int], prefix: String = "") -> String {
        indices.map { prefix + columns[$0].sql }.joined(separator: ", ")
    }
}

/// The type that a mirror's column gets when the source's own is not known to the destination.
func fallbackType(of kind: StreamDescriptor.Kind) -> String {
    switch kind {
    case .boolean: return "boolean"
    case .integer(let bits): return bits <= 16 ? "smallint" : bits <= 32 ? "integer" : "bigint"
    case .float(let bits): return bits <= 32 ? "real" : "double precision"
    case .numeric(let precision, let scale):
        guard let precision, (1...1000).contains(precision), let scale, (0...precision).contains(scale) else {
            return "numeric"
        }
        return "numeric(\(precision),\(scale))"
    case .string(let length):
        guard let length, (1...10_485_760).contains(length) else { return "text" }
        return "character varying(\(length))"
    case .uuid: return "uuid"
    case .date: return "date"
    case .time(let zone): return zone ? "time with time zone" : "time without time zone"
    case .timestamp(let zone): return zone ? "timestamp with time zone" : "timestamp without time zone"
    case .interval: return "interval"
    case .bytes: return "bytea"
    case .json, .hstore, .composite: return "jsonb"
    case .enumeration, .text: return "text"
    case .array(let element):
        let inner = fallbackType(of: element)
        return inner == "jsonb" || inner.hasSuffix("[]") ? "jsonb" : inner + "[]"
    }
}
