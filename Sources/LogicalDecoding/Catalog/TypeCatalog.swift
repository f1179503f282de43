/// Types by OID: Postgres's own from a static table, all others from ``query``.
package struct TypeCatalog: Sendable {
    private var types: [UInt32: TypeInfo] = [:]

    /// Only the types that are built in.
    package init() {}

    /// Answers one row per type that is not built in, for Postgres 14 to 18. Row types of tables appear only where a
    /// column has such a type. Columns: oid, schema, name, typtype, element, delimiter, base type, base type modifier,
    /// enum labels, attribute names, attribute types, attribute type modifiers, range subtype, whether a domain refuses null, its
    /// constraints. Lists are arrays' text.
    package static let query = """
        SELECT t.oid, n.nspname, t.typname, t.typtype,
          CASE WHEN e.typarray = t.oid THEN t.typelem ELSE 0 END, t.typdelim, t.typbasetype, t.typtypmod,
          CASE WHEN t.typtype = 'e' THEN
            ARRAY(SELECT enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = t.oid
              ORDER BY enumsortorder)::text END,
          a.names::text, a.types::text, a.modifiers::text,
          coalesce(r.rngsubtype, m.rngsubtype, 0), t.typnotnull,
          CASE WHEN t.typtype = 'd' THEN
            ARRAY(SELECT left(pg_catalog.pg_get_constraintdef(k.oid), 4001) FROM pg_catalog.pg_constraint k
              WHERE k.contypid = t.oid AND k.contype = 'c' AND k.convalidated ORDER BY k.conname)::text END
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
        LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
        LEFT JOIN pg_catalog.pg_class ec ON ec.oid = e.typrelid
        LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
        LEFT JOIN pg_catalog.pg_range m ON m.rngmultitypid = t.oid
        LEFT JOIN LATERAL (
          SELECT array_agg(attname::text ORDER BY attnum) AS names, array_agg(atttypid::int8 ORDER BY attnum) AS types,
            array_agg(atttypmod ORDER BY attnum) AS modifiers
          FROM pg_catalog.pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped
        ) a ON t.typrelid <> 0
        WHERE t.oid >= 10000 AND n.nspname <> 'pg_toast'
          AND (coalesce(c.relkind, 'c') = 'c'
            OR t.oid IN (SELECT atttypid FROM pg_catalog.pg_attribute)
            OR t.typarray IN (SELECT atttypid FROM pg_catalog.pg_attribute))
          AND (coalesce(ec.relkind, 'c') = 'c' OR t.oid IN (SELECT atttypid FROM pg_catalog.pg_attribute))
        """

    package subscript(_ oid: UInt32) -> TypeInfo? { types[oid] ?? BuiltinTypes.table[oid] }

    /// Adds or replaces a type.
    package mutating func insert(_ type: TypeInfo) { types[type.oid] = type }

    /// Takes one row of ``query``. A row that is not as expected is left out: its type is then written as text.
    package mutating func load(row: [String?]) {
        guard row.count >= 15, let oid = row[0].flatMap({ UInt32($0) }), let namespace = row[1], let name = row[2],
            let kind = row[3]?.utf8.first
        else { return }
        func number(_ index: Int) -> UInt32 { row[index].flatMap { UInt32($0) } ?? 0 }
        let form: TypeInfo.Form
        switch kind {
        case UInt8(ascii: "d"):
            form = .domain(
                base: number(6), typeModifier: row[7].flatMap { Int32($0) } ?? -1, isNotNull: row[13] == "t",
                checks: ArrayText.strings(row[14] ?? "{}"))
        case UInt8(ascii: "e"): form = .enumeration(ArrayText.strings(row[8] ?? "{}"))
        case UInt8(ascii: "c"):
            let names = ArrayText.strings(row[9] ?? "{}")
            let oids = ArrayText.strings(row[10] ?? "{}").map { UInt32($0) ?? 0 }
            let modifiers = ArrayText.strings(row[11] ?? "{}").map { Int32($0) ?? -1 }
            guard names.count == oids.count, names.count == modifiers.count else { return }
            form = .composite(
                names.indices.map {
                    TypeInfo.Attribute(name: names[$0], typeOID: oids[$0], typeModifier: modifiers[$0])
                })
        case UInt8(ascii: "r"): form = .range(subtype: number(12))
        case UInt8(ascii: "m"): form = .multirange(subtype: number(12))
        case UInt8(ascii: "p"): form = .pseudo
        default:
            let element = number(4)
            form =
                element == 0
                ? .base : .array(element: element, delimiter: row[5]?.utf8.first ?? UInt8(ascii: ","))
        }
        insert(
            TypeInfo(oid: oid, namespace: namespace, name: name, form: form))
    }

    /// Whether the type, and all that it is made of, is known.
    package func knows(_ oid: UInt32) -> Bool { knows(oid, depth: 0) }

    private func knows(_ oid: UInt32, depth: Int) -> Bool {
        guard depth < Self.depthLimit, let type = self[oid] else { return false }
        switch type.form {
        case .base, .enumeration, .range, .multirange, .pseudo: return true
        case .array(let element, _): return knows(element, depth: depth + 1)
        case .domain(let base, _, _, _): return knows(base, depth: depth + 1)
        case .composite(let attributes): return attributes.allSatisfy { knows($0.typeOID, depth: depth + 1) }
        }
    }

    /// How deep types are followed into each other; Postgres itself refuses types that contain themselves.
    static let depthLimit = 32
}
