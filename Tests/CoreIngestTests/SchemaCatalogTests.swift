import Synchronization
import Testing

@testable import CoreIngest

@Suite struct SchemaCatalogTests {
    typealias Column = StreamDescriptor.Column

    static let columns: [Column] = [
        Column(name: "id", sqlType: "bigint", kind: .integer(bits: 64), isNullable: false, isKey: true),
        Column(name: "small", sqlType: "smallint", kind: .integer(bits: 16)),
        Column(name: "price", sqlType: "numeric(7,2)", kind: .numeric(precision: 7, scale: 2), comment: "in \"euro\""),
        Column(name: "tiny", sqlType: "numeric(2,4)", kind: .numeric(precision: 2, scale: 4)),
        Column(name: "any", sqlType: "numeric", kind: .numeric(precision: nil, scale: nil)),
        Column(name: "ratio", sqlType: "double precision", kind: .float(bits: 64)),
        Column(name: "name", sqlType: "varchar(5)", kind: .string(maxLength: 5), isNullable: false),
        Column(name: "mood", sqlType: "mood", kind: .enumeration, enumLabels: ["ok", "sad"]),
        Column(name: "uid", sqlType: "uuid", kind: .uuid),
        Column(name: "at", sqlType: "timestamptz", kind: .timestamp(withZone: true)),
        Column(name: "doc", sqlType: "jsonb", kind: .json),
        Column(name: "tags", sqlType: "text[]", kind: .array(of: .text)),
        Column(name: "attrs", sqlType: "hstore", kind: .hstore),
        Column(
            name: "addr", sqlType: "addr",
            kind: .composite([.init(name: "zip", kind: .text), .init(name: "no", kind: .integer(bits: 32))])),
        Column(name: "ok", sqlType: "boolean", kind: .boolean),
    ]

    func catalog(
        vendor: String? = "com.acme.shop", _ storage: SchemaVersions.Storage = .inMemory(),
        contracts: SchemaCache? = nil
    ) throws -> SchemaCatalog {
        try SchemaCatalog(vendor: vendor, versions: SchemaVersions(storage), contracts: contracts) { _ in }
    }

    func stream(_ catalog: SchemaCatalog, _ table: String, schema: String = "public", _ columns: [Column])
        -> StreamDescriptor
    {
        catalog.stream(database: "shop", schema: schema, table: table, columns: columns, keyColumns: [])
    }

    @Test("what constraints say stands beside what the type says, the tighter of both")
    func rules() throws {
        func column(_ name: String, _ kind: StreamDescriptor.Kind, _ rules: [ColumnRules.Rule]) -> Column {
            var column = Column(name: name, sqlType: "x", kind: kind)
            for rule in rules { _ = column.rules.add(rule) }
            return column
        }
        var last = column("f", .text, [])
        last.rules.add(remark: "CHECK ((f <> \"g\"))")
        last.isReadOnly = true
        let number = StreamDescriptor.Kind.numeric(precision: 3, scale: 1)
        let columns = [
            column("a", .integer(bits: 16), [.atLeast(.init("1")), .atMost(.init("99999"))]),
            column("b", number, [.atLeast(.init("0", isExclusive: true))]),
            column("c", number, [.atLeast(.init("0")), .atMost(.init("5", isExclusive: true))]),
            column("d", .float(bits: 64), [.atMost(.init("5"))]), column("e", number, [.oneOf(["1", "2.5"])]), last,
            column("g", .string(maxLength: 5), [.lengthAtLeast(1), .lengthAtMost(9), .pattern(#"^\d"#)]),
            column("h", .string(maxLength: 5), [.lengthAtMost(3), .oneOf([#""x""#])]),
        ]
        let catalog = try catalog()
        let stream = stream(catalog, "orders", columns)
        let lines = try #require(catalog.text(of: stream.schema)).split(separator: "\n").filter {
            $0.contains("sqlType")
        }
        #expect(
            lines.map { $0.trimmingPrefix { $0 == " " } } == [
                #""a": {"type": ["integer", "null"], "minimum": 1, "maximum": 32767, "sqlType": "x"},"#,
                #""b": {"anyOf": [{"type": ["number", "null"], "minimum": 0, "exclusiveMinimum": true, "maximum": 99.9, "multipleOf": 0.1}, {"enum": ["NaN", "Infinity"]}], "sqlType": "x"},"#,
                #""c": {"type": ["number", "null"], "minimum": 0, "maximum": 5, "exclusiveMaximum": true, "multipleOf": 0.1, "sqlType": "x"},"#,
                #""d": {"anyOf": [{"type": ["number", "null"], "maximum": 5}, {"enum": ["-Infinity"]}], "sqlType": "x"},"#,
                #""e": {"type": ["number", "null"], "minimum": -99.9, "maximum": 99.9, "multipleOf": 0.1, "enum": [1, 2.5, null], "sqlType": "x"},"#,
                #""f": {"type": ["string", "null"], "sqlType": "x", "readOnly": true, "$comment": "CHECK ((f <> \"g\"))"},"#,
                #""g": {"type": ["string", "null"], "minLength": 1, "maxLength": 5, "pattern": "^\\d", "sqlType": "x"},"#,
                #""h": {"type": ["string", "null"], "maxLength": 3, "enum": ["x", null], "sqlType": "x"}"#,
            ])
        _ = try validator(try #require(catalog.text(of: stream.schema)))
    }

    @Test("a derived schema is as it was recorded: one property per line")
    func derived() throws {
        let catalog = try catalog()
        let stream = stream(catalog, "orders", Self.columns)
        let text = try #require(catalog.text(of: stream.schema))
        #expect(
            text == """
                {
                  "$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
                  "self": {"vendor": "com.acme.shop", "name": "orders", "format": "jsonschema", "version": "1-0-0"},
                  "description": "Rows of the table public.orders",
                  "type": "object",
                  "properties": {
                    "id": {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807, "sqlType": "bigint"},
                    "small": {"type": ["integer", "null"], "minimum": -32768, "maximum": 32767, "sqlType": "smallint"},
                    "price": {"anyOf": [{"type": ["number", "null"], "minimum": -99999.99, "maximum": 99999.99, "multipleOf": 0.01}, {"enum": ["NaN", "Infinity", "-Infinity"]}], "sqlType": "numeric(7,2)", "description": "in \\"euro\\""},
                    "tiny": {"anyOf": [{"type": ["number", "null"], "minimum": -0.0099, "maximum": 0.0099, "multipleOf": 0.0001}, {"enum": ["NaN", "Infinity", "-Infinity"]}], "sqlType": "numeric(2,4)"},
                    "any": {"anyOf": [{"type": ["number", "null"]}, {"enum": ["NaN", "Infinity", "-Infinity"]}], "sqlType": "numeric"},
                    "ratio": {"anyOf": [{"type": ["number", "null"]}, {"enum": ["NaN", "Infinity", "-Infinity"]}], "sqlType": "double precision"},
                    "name": {"type": "string", "maxLength": 5, "sqlType": "varchar(5)"},
                    "mood": {"type": ["string", "null"], "enum": ["ok", "sad", null], "sqlType": "mood"},
                    "uid": {"type": ["string", "null"], "format": "uuid", "sqlType": "uuid"},
                    "at": {"type": ["string", "null"], "sqlType": "timestamptz"},
                    "doc": {"sqlType": "jsonb"},
                    "tags": {"type": ["array", "null"], "items": {"type": ["string", "null", "array"]}, "sqlType": "text[]"},
                    "attrs": {"type": ["object", "null"], "additionalProperties": {"type": ["string", "null"]}, "sqlType": "hstore"},
                    "addr": {"type": ["object", "null"], "properties": {"zip": {"type": ["string", "null"]}, "no": {"type": ["integer", "null"], "minimum": -2147483648, "maximum": 2147483647}}, "sqlType": "addr"},
                    "ok": {"type": ["boolean", "null"], "sqlType": "boolean"}
                  },
                  "required": ["id", "name"],
                  "additionalProperties": false
                }

                """)
        try withJSON(text) { #expect(!$0.hasDuplicateNames(0)) }
    }

    @Test(
        "rows of the table pass their derived schema, what no row can be does not",
        arguments: [
            (
                #"{"id":-9223372036854775808,"small":1,"price":-99999.99,"tiny":0.0099,"any":1e9,"ratio":"NaN","name":"äöüßé","mood":"ok","uid":"b7b2b3c0-0000-8000-8000-000000000000","at":"infinity","doc":[1,{}],"tags":["a",null,["b"]],"attrs":{"a":null},"addr":{"zip":"1","no":7},"ok":true}"#,
                true
            ),
            (
                #"{"id":9223372036854775807,"small":null,"price":"NaN","tiny":null,"any":"-Infinity","ratio":1.5,"name":"","mood":null,"uid":null,"at":null,"doc":null,"tags":null,"attrs":null,"addr":null,"ok":null}"#,
                true
            ),
            // A label that was added after the schema was derived, and NOT NULL that was dropped.
            (#"{"id":1,"name":null,"mood":"new"}"#, true), (#"{"id":9223372036854775808,"name":""}"#, false),
            (#"{"id":1,"small":32768,"name":""}"#, false), (#"{"id":1,"price":1.234,"name":""}"#, false),
            (#"{"id":1,"price":"abc","name":""}"#, false), (#"{"id":1,"name":"abcdef"}"#, false), (#"{"id":1}"#, false),
            (#"{"id":1,"name":"","other":1}"#, false), (#"{"id":1,"name":"","uid":"x"}"#, false),
        ])
    func rows(_ payload: String, passes: Bool) throws {
        let catalog = try catalog()
        let schema = stream(catalog, "orders", Self.columns).schema
        let validator = try PayloadValidator(
            schema: schema, compiling: try #require(catalog.text(of: schema)), options: SchemaDerivation.options)
        #expect((report(validator, payload) == nil) == passes)
    }

    @Test("equal shapes have one descriptor, another shape another, also after a restart with its old version")
    func identity() throws {
        let storage = SchemaVersions.Storage.inMemory()
        let first = try catalog(storage)
        let one = stream(first, "t", Self.columns)
        #expect(stream(first, "t", Self.columns) === one)
        var wider = Self.columns
        wider.append(Column(name: "more", sqlType: "text", kind: .text))
        #expect(stream(first, "t", wider).schema.version.description == "1-0-1")
        let second = try catalog(storage)
        #expect(stream(second, "t", wider).schema.version.description == "1-0-1")
        #expect(stream(second, "t", Self.columns).schema == one.schema)
        #expect(first.derivedNames.count == 2)
    }

    @Test(
        "a change of the table raises the part of the version that it calls for",
        arguments: [
            ("nullable column added", [Column(name: "b", sqlType: "", kind: .text)], "1-0-1"),
            ("required column added", [Column(name: "b", sqlType: "", kind: .text, isNullable: false)], "1-1-0"),
        ])
    func additions(_ what: String, added: [StreamDescriptor.Column], version: String) throws {
        let catalog = try catalog()
        let base = [Column(name: "a", sqlType: "", kind: .text)]
        _ = stream(catalog, "t", base)
        #expect(stream(catalog, "t", base + added).schema.version.description == version)
    }

    @Test(
        "a column that changes its type is widened or replaced",
        arguments: [
            (.integer(bits: 32), .integer(bits: 64), "1-0-1"), (.integer(bits: 64), .integer(bits: 32), "1-1-0"),
            (.string(maxLength: 5), .string(maxLength: 9), "1-0-1"),
            (.string(maxLength: 5), .string(maxLength: nil), "1-0-1"),
            (.string(maxLength: nil), .string(maxLength: 5), "1-1-0"),
            (.integer(bits: 32), .numeric(precision: nil, scale: nil), "1-0-1"),
            (.numeric(precision: 7, scale: 2), .numeric(precision: 9, scale: 2), "1-0-1"),
            (.numeric(precision: 7, scale: 2), .numeric(precision: 7, scale: 4), "1-1-0"), (.text, .boolean, "2-0-0"),
            (.float(bits: 32), .float(bits: 64), "1-0-1"), (.integer(bits: 32), .text, "2-0-0"),
            (.array(of: .integer(bits: 32)), .array(of: .integer(bits: 64)), "1-0-1"),
        ] as [(StreamDescriptor.Kind, StreamDescriptor.Kind, String)])
    func widening(_ old: StreamDescriptor.Kind, _ new: StreamDescriptor.Kind, version: String) throws {
        let catalog = try catalog()
        _ = stream(catalog, "t", [Column(name: "a", sqlType: "", kind: old)])
        #expect(stream(catalog, "t", [Column(name: "a", sqlType: "", kind: new)]).schema.version.description == version)
    }

    @Test(
        "what old rows still match is an addition, and what they may not a revision: nullability, labels, dropped columns, order"
    )
    func others() throws {
        let catalog = try catalog()
        func version(_ table: String, _ shapes: [Column]...) -> String {
            shapes.map { stream(catalog, table, $0).schema.version.description }.last ?? ""
        }
        let a = Column(name: "a", sqlType: "", kind: .text)
        let needed = Column(name: "a", sqlType: "", kind: .text, isNullable: false)
        let b = Column(name: "b", sqlType: "", kind: .text)
        #expect(version("t1", [needed], [a]) == "1-0-1")
        #expect(version("t2", [a], [needed]) == "1-1-0")
        #expect(version("t3", [a, b], [a]) == "1-1-0")
        #expect(version("t4", [a, b], [b, a]) == "1-0-1")
        let ok = Column(name: "m", sqlType: "", kind: .enumeration, enumLabels: ["ok"])
        let both = Column(name: "m", sqlType: "", kind: .enumeration, enumLabels: ["ok", "sad"])
        #expect(version("t5", [ok], [both]) == "1-0-1")
        #expect(version("t6", [both], [ok]) == "1-1-0")
        #expect(version("t7", [a], [a, b], [a]) == "1-0-0")
    }

    @Test("names are sanitised, and two tables never share one, whoever comes first after a restart")
    func names() throws {
        let storage = SchemaVersions.Storage.inMemory()
        let one = try catalog(vendor: nil, storage)
        let columns = [Column(name: "a", sqlType: "", kind: .text)]
        #expect(
            stream(one, "orders", schema: "sales", columns).schema.description
                == "iglu:local.shop/sales_orders/jsonschema/1-0-0")
        let other = stream(one, "sales_orders", columns).schema
        #expect(other.name.hasPrefix("sales_orders_") && other.name.utf8.count == 21)
        #expect(stream(one, "Büro \"A\"", columns).schema.name == "B_ro__A_")
        let two = try catalog(vendor: nil, storage)
        #expect(stream(two, "sales_orders", columns).schema == other)
        #expect(stream(two, "orders", schema: "sales", columns).schema.name == "sales_orders")
    }

    @Test("a vendor that breaks the grammar is refused, and storage that fails does not stop a table")
    func failures() throws {
        #expect(throws: SchemaError.self) { try catalog(vendor: "com..acme") }
        struct Full: Error {}
        let warnings = Mutex(0)
        let broken = SchemaVersions(.init(read: { _ in nil }, write: { _, _ in throw Full() }))
        let tables = try SchemaCatalog(vendor: "com.acme", versions: broken) { _ in warnings.withLock { $0 += 1 } }
        #expect(stream(tables, "t", [Column(name: "a", sqlType: "", kind: .text)]).schema.version == .first)
        #expect(warnings.withLock { $0 } == 1)
        let strict = try SchemaCatalog(
            vendor: "com.acme", policy: SchemaPolicy(addition: .deadLetter, model: .pause), versions: broken
        ) { _ in }
        // Whether it changed is not known.
        #expect(stream(strict, "t", [Column(name: "a", sqlType: "", kind: .text)]).hold?.action == .pause)
    }
}
