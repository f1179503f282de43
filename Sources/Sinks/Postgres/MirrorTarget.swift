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

/// Whether every value of type `old` is the same value in type `new`, so that the column may be altered without asking. Both as
/// `format_type` writes them.
func isWidening(from old: String, to new: String) -> Bool {
    let integers = ["smallint", "integer", "bigint", "numeric"]
    if let from = integers.firstIndex(of: old), let to = integers.firstIndex(of: new) { return from < to }
    if old == "real" { return new == "double precision" }
    let (oldName, oldModifiers) = typeParts(old)
    let (newName, newModifiers) = typeParts(new)
    switch oldName {
    case "character varying", "bit varying":
        if oldName == "character varying", new == "text" { return true }
        guard newName == oldName, let length = oldModifiers.first else { return false }
        return newModifiers.first.map { $0 > length } ?? true
    case "numeric":
        guard newName == "numeric", oldModifiers.count == 2 else { return false }
        if newModifiers.isEmpty { return true }
        guard newModifiers.count == 2, oldModifiers != newModifiers else { return false }
        return newModifiers[1] >= oldModifiers[1]
            && newModifiers[0] - newModifiers[1] >= oldModifiers[0] - oldModifiers[1]
    default: return false
    }
}

/// `numeric(12,2)` → `numeric`, [12, 2]
private func typeParts(_ type: String) -> (name: String, modifiers: [Int]) {
    guard type.last == ")", let open = type.firstIndex(of: "(") else { return (type, []) }
    let inner = type[type.index(after: open)...].dropLast()
    return (String(type[..<open]), inner.split(separator: ",").compactMap { Int($0) })
}
