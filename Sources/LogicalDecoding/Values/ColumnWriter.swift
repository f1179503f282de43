/// How values of a column are written as JSON: chosen once per table, looked at for every value.
struct ColumnWriter: BitwiseCopyable, Equatable, Sendable {
    var form: Form
    /// Index into ``NestedWriters`` for arrays and composites.
    var nested: UInt16 = 0

    enum Form: UInt8, Sendable {
        /// The digits as given; what is not a JSON number becomes a string.
        case number
        case boolean
        case text
        case timestamp
        case timestampWithZone
        case json
        case hstore
        case array
        case composite
    }

    static let text = ColumnWriter(form: .text)
}

/// The writers of elements and attributes of one table's types.
struct NestedWriters: Sendable {
    private(set) var entries: [Entry] = []

    enum Entry: Sendable {
        case array(element: ColumnWriter, delimiter: UInt8)
        case composite([Member])
    }

    struct Member: Sendable {
        /// `,"name":`
        var fragment: [UInt8]
        var writer: ColumnWriter
    }

    /// The writer of a type, with those of all that it is made of.
    mutating func writer(of oid: UInt32, in types: TypeCatalog, depth: Int = 0) -> ColumnWriter {
        guard depth < TypeCatalog.depthLimit, let type = types[oid] else { return .text }
        switch type.form {
        case .base: return ColumnWriter(form: Self.form(of: type))
        case .enumeration, .range, .multirange, .pseudo: return .text
        case .domain(let base, _, _, _): return writer(of: base, in: types, depth: depth + 1)
        case .array(let element, let delimiter):
            return add(
                .array(element: writer(of: element, in: types, depth: depth + 1), delimiter: delimiter), as: .array)
        case .composite(let attributes):
            let members = attributes.map {
                Member(
                    fragment: Fragment.make($0.name), writer: writer(of: $0.typeOID, in: types, depth: depth + 1))
            }
            return add(.composite(members), as: .composite)
        }
    }

    private mutating func add(_ entry: Entry, as form: ColumnWriter.Form) -> ColumnWriter {
        guard let index = UInt16(exactly: entries.count) else { return .text }
        entries.append(entry)
        return ColumnWriter(form: form, nested: index)
    }

    private static func form(of type: TypeInfo) -> ColumnWriter.Form {
        guard type.namespace == "pg_catalog" else { return type.name == "hstore" ? .hstore : .text }
        switch type.name {
        case "bool": return .boolean
        case "int2", "int4", "int8", "oid", "float4", "float8", "numeric": return .number
        case "timestamp": return .timestamp
        case "timestamptz": return .timestampWithZone
        case "json", "jsonb": return .json
        default: return .text
        }
    }
}
