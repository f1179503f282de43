import CoreIngest

@testable import LogicalDecoding

/// Types and a table that have one of each form of value. No JSON columns: their text is taken as the server checked it.
enum SampleTable {
    static let pair: UInt32 = 20002
    static let nest: UInt32 = 20003
    static let price: UInt32 = 20004
    static let hstore: UInt32 = 20005

    static let types: TypeCatalog = {
        var types = TypeCatalog()
        func add(_ oid: UInt32, _ name: String, _ form: TypeInfo.Form) {
            types.insert(TypeInfo(oid: oid, namespace: "public", name: name, form: form))
            types.insert(
                TypeInfo(
                    oid: oid + 1000, namespace: "public", name: "_\(name)",
                    form: .array(element: oid, delimiter: UInt8(ascii: ","))))
        }
        add(pair, "pair", .composite([.init(name: "n", typeOID: 23), .init(name: "say \"t\"", typeOID: 25)]))
        add(
            nest, "nest",
            .composite([
                .init(name: "p", typeOID: pair), .init(name: "list", typeOID: pair + 1000),
                .init(name: "more", typeOID: hstore), .init(name: "at", typeOID: 1184),
            ]))
        add(price, "price", .domain(base: 1700, typeModifier: (12 << 16 | 2) + 4))
        add(hstore, "hstore", .base)
        return types
    }()

    static let relation = RelationInfo(
        id: 50, schema: "public", name: "orders", replicaIdentity: .primaryKey,
        columns: [
            .init(name: "id", isIdentity: true, typeOID: 20), .init(name: "no \"te\"", isIdentity: true, typeOID: 25),
            .init(name: "total", isIdentity: false, typeOID: price),
            .init(name: "at", isIdentity: false, typeOID: 1184),
            .init(name: "tags", isIdentity: false, typeOID: 1009),
            .init(name: "pair", isIdentity: false, typeOID: nest),
            .init(name: "more", isIdentity: false, typeOID: hstore), .init(name: "is", isIdentity: false, typeOID: 16),
        ])

    static let settings = DecoderSettings(
        source: SourceIdentity(name: "shop", systemIdentifier: 7_000_000_000_000_000_001), database: "shop")
    static let renderer = EventRenderer(instance: .init(name: "shop", environment: "test", version: "1"))

    static var streams: StreamCache {
        StreamCache { shape in
            SchemaName(vendor: "com.acme", name: SchemaName.part(from: shape.table), version: SchemaVersion.first).map {
                StreamDescriptor(
                    database: shape.database, schemaName: shape.schema, table: shape.table, columns: shape.columns,
                    keyColumns: shape.keyColumns, schema: $0, validator: nil)
            }
        }
    }
}

extension StreamDescriptor {
    /// Whether the server's word is taken for some of the JSON in its rows.
    var embedsJSON: Bool { columns.contains { Self.embedsJSON($0.kind) } }

    private static func embedsJSON(_ kind: Kind) -> Bool {
        switch kind {
        case .json: true
        case .array(let element): embedsJSON(element)
        case .composite(let fields): fields.contains { embedsJSON($0.kind) }
        case .boolean, .integer, .float, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .bytes, .hstore,
            .enumeration, .text:
            false
        }
    }
}
