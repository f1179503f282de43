/// The types that every Postgres from 14 on has under the same OIDs. Source: `pg_type.dat`; a test compares this table
/// with the catalogs of real servers.
enum BuiltinTypes {
    /// By OID.
    static let table: [UInt32: TypeInfo] = {
        var table: [UInt32: TypeInfo] = [:]
        func add(_ oid: UInt32, _ name: String, _ form: TypeInfo.Form, _ category: Character) {
            table[oid] = TypeInfo(
                oid: oid, namespace: "pg_catalog", name: name, form: form, category: category.asciiValue ?? 0x55)
        }
        for (oid, array, name, category) in base {
            add(oid, name, .base, category)
            if array != 0 {
                let delimiter = UInt8(ascii: name == "box" ? ";" : ",")
                add(array, "_\(name)", .array(element: oid, delimiter: delimiter), "A")
            }
        }
        for (oid, array, name, subtype) in ranges {
            add(oid, name, .range(subtype: subtype), "R")
            add(array, "_\(name)", .array(element: oid, delimiter: UInt8(ascii: ",")), "A")
        }
        for (oid, array, name, subtype) in multiranges {
            add(oid, name, .multirange(subtype: subtype), "R")
            add(array, "_\(name)", .array(element: oid, delimiter: UInt8(ascii: ",")), "A")
        }
        return table
    }()

    /// OID, OID of its array (0: none), name, category.
    private static let base: [(UInt32, UInt32, String, Character)] = [
        (16, 1000, "bool", "B"), (17, 1001, "bytea", "U"), (18, 1002, "char", "Z"), (19, 1003, "name", "S"),
        (20, 1016, "int8", "N"), (21, 1005, "int2", "N"), (22, 1006, "int2vector", "A"), (23, 1007, "int4", "N"),
        (24, 1008, "regproc", "N"), (25, 1009, "text", "S"), (26, 1028, "oid", "N"), (27, 1010, "tid", "U"),
        (28, 1011, "xid", "U"), (29, 1012, "cid", "U"), (30, 1013, "oidvector", "A"), (114, 199, "json", "U"),
        (142, 143, "xml", "U"), (194, 0, "pg_node_tree", "Z"), (600, 1017, "point", "G"), (601, 1018, "lseg", "G"),
        (602, 1019, "path", "G"), (603, 1020, "box", "G"), (604, 1027, "polygon", "G"), (628, 629, "line", "G"),
        (650, 651, "cidr", "I"), (700, 1021, "float4", "N"), (701, 1022, "float8", "N"), (718, 719, "circle", "G"),
        (774, 775, "macaddr8", "U"), (790, 791, "money", "N"), (829, 1040, "macaddr", "U"), (869, 1041, "inet", "I"),
        (1033, 1034, "aclitem", "U"), (1042, 1014, "bpchar", "S"), (1043, 1015, "varchar", "S"),
        (1082, 1182, "date", "D"), (1083, 1183, "time", "D"), (1114, 1115, "timestamp", "D"),
        (1184, 1185, "timestamptz", "D"), (1186, 1187, "interval", "T"), (1266, 1270, "timetz", "D"),
        (1560, 1561, "bit", "V"), (1562, 1563, "varbit", "V"), (1700, 1231, "numeric", "N"),
        (1790, 2201, "refcursor", "U"), (2202, 2207, "regprocedure", "N"), (2203, 2208, "regoper", "N"),
        (2204, 2209, "regoperator", "N"), (2205, 2210, "regclass", "N"), (2206, 2211, "regtype", "N"),
        (2950, 2951, "uuid", "U"), (2970, 2949, "txid_snapshot", "U"), (3220, 3221, "pg_lsn", "U"),
        (3614, 3643, "tsvector", "U"), (3615, 3645, "tsquery", "U"), (3642, 3644, "gtsvector", "U"),
        (3734, 3735, "regconfig", "N"), (3769, 3770, "regdictionary", "N"), (3802, 3807, "jsonb", "U"),
        (4072, 4073, "jsonpath", "U"), (4089, 4090, "regnamespace", "N"), (4096, 4097, "regrole", "N"),
        (4191, 4192, "regcollation", "N"), (5038, 5039, "pg_snapshot", "U"), (5069, 271, "xid8", "U"),
    ]

    /// OID, OID of its array, name, subtype.
    private static let ranges: [(UInt32, UInt32, String, UInt32)] = [
        (3904, 3905, "int4range", 23), (3906, 3907, "numrange", 1700), (3908, 3909, "tsrange", 1114),
        (3910, 3911, "tstzrange", 1184), (3912, 3913, "daterange", 1082), (3926, 3927, "int8range", 20),
    ]

    private static let multiranges: [(UInt32, UInt32, String, UInt32)] = [
        (4451, 6150, "int4multirange", 23), (4532, 6151, "nummultirange", 1700), (4533, 6152, "tsmultirange", 1114),
        (4534, 6153, "tstzmultirange", 1184), (4535, 6155, "datemultirange", 1082), (4536, 6157, "int8multirange", 20),
    ]
}
