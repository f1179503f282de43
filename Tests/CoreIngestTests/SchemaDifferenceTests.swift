import Testing

@testable import CoreIngest

private typealias Column = StreamDescriptor.Column

/// One change of a table, and what it is.
struct TableChange: Sendable, CustomTestStringConvertible {
    var what: String
    var old: [StreamDescriptor.Column]
    var new: [StreamDescriptor.Column]
    var key = ([0], [0])
    var change: SchemaChange
    var testDescription: String { what }

    private static func column(
        _ name: String, _ kind: StreamDescriptor.Kind = .integer(bits: 32), null: Bool = true, labels: [String] = [],
        number: Int? = nil
    ) -> StreamDescriptor.Column {
        Column(name: name, sqlType: "", kind: kind, isNullable: null, enumLabels: labels, number: number)
    }

    private static func type(
        _ what: String, _ old: StreamDescriptor.Kind, _ new: StreamDescriptor.Kind, _ change: SchemaChange
    ) -> TableChange {
        TableChange(what: what, old: [column("a", old)], new: [column("a", new)], change: change)
    }

    /// A column whose constraints say something else.
    private static func check(
        _ what: String, _ kind: StreamDescriptor.Kind, _ old: [ColumnRules.Rule], _ new: [ColumnRules.Rule],
        _ change: SchemaChange
    ) -> TableChange {
        let columns = [old, new].map { list in
            var column = column("a", kind)
            for rule in list { _ = column.rules.add(rule) }
            return column
        }
        return TableChange(what: "CHECK \(what)", old: [columns[0]], new: [columns[1]], change: change)
    }

    private static let number = StreamDescriptor.Kind.numeric(precision: nil, scale: nil)
    private static let words = StreamDescriptor.Kind.string(maxLength: nil)
    static let checks: [TableChange] = [
        check("set", .integer(bits: 32), [], [.atLeast(.init("1"))], .revision),
        check("dropped", .integer(bits: 32), [.atLeast(.init("1"))], [], .addition),
        check("lower", number, [.atLeast(.init("1"))], [.atLeast(.init("0.5"))], .addition),
        check("higher", number, [.atLeast(.init("1"))], [.atLeast(.init("1.5"))], .revision),
        check("from > to >=", number, [.atLeast(.init("1", isExclusive: true))], [.atLeast(.init("1.0"))], .addition),
        check("from >= to >", number, [.atLeast(.init("1"))], [.atLeast(.init("1", isExclusive: true))], .revision),
        check("from < 2 to <= 1", number, [.atMost(.init("2", isExclusive: true))], [.atMost(.init("1"))], .revision),
        check("from < 2 to <= 3", number, [.atMost(.init("2", isExclusive: true))], [.atMost(.init("3"))], .addition),
        check("of a double", .float(bits: 64), [], [.atMost(.init("3"))], .revision),
        check("from one bound to the other", number, [.atMost(.init("3"))], [.atLeast(.init("3"))], .revision),
        check("of lengths, less", words, [.lengthAtMost(5)], [.lengthAtMost(4)], .revision),
        check("of lengths, more", words, [.lengthAtLeast(5)], [.lengthAtLeast(4)], .addition),
        check("of a pattern", words, [.pattern("^a")], [.pattern("^b")], .revision),
        check("of a pattern dropped", words, [.pattern("^a")], [], .addition),
        check("list set", words, [], [.oneOf([#""a""#])], .revision),
        check("list longer", words, [.oneOf([#""a""#])], [.oneOf([#""a""#, #""b""#])], .addition),
        check("list shorter", words, [.oneOf([#""a""#, #""b""#])], [.oneOf([#""a""#])], .revision),
        check("list dropped", words, [.oneOf([#""a""#])], [], .addition),
        check("list of numbers", .integer(bits: 32), [.oneOf(["1"])], [.oneOf(["1", "2"])], .addition),
    ]

    static let all: [TableChange] =
        checks + [
            // Columns.
            .init(
                what: "nullable column added", old: [column("a")], new: [column("a"), column("b")], change: .addition),
            .init(
                what: "NOT NULL column added", old: [column("a")], new: [column("a"), column("b", null: false)],
                change: .revision),
            .init(what: "column dropped", old: [column("a"), column("b")], new: [column("a")], change: .revision),
            .init(
                what: "one dropped and one of another type added", old: [column("a"), column("b")],
                new: [column("a"), column("c", .text)], change: .revision),
            .init(
                what: "one dropped and one of the same type added, told apart by number",
                old: [column("a"), column("b", number: 2)], new: [column("a"), column("c", number: 3)],
                change: .revision),
            .init(
                what: "one renamed, known by its number", old: [column("a"), column("b", number: 2)],
                new: [column("a"), column("c", number: 2)], change: .model),
            .init(
                what: "one perhaps renamed, numbers unknown", old: [column("a"), column("b")],
                new: [column("a"), column("c")], change: .model),
            .init(
                what: "one dropped and made again", old: [column("a"), column("b", number: 2)],
                new: [column("a"), column("b", number: 3)], change: .addition),
            .init(
                what: "order", old: [column("a"), column("b")], new: [column("b"), column("a")], key: ([0], [1]),
                change: .addition),
            // Nullability, labels, key.
            .init(what: "NOT NULL dropped", old: [column("a", null: false)], new: [column("a")], change: .addition),
            .init(what: "NOT NULL set", old: [column("a")], new: [column("a", null: false)], change: .revision),
            .init(
                what: "label added", old: [column("a", .enumeration, labels: ["x"])],
                new: [column("a", .enumeration, labels: ["x", "y"])], change: .addition),
            .init(
                what: "label renamed", old: [column("a", .enumeration, labels: ["x"])],
                new: [column("a", .enumeration, labels: ["y"])], change: .revision),
            .init(
                what: "labels not known any more", old: [column("a", .enumeration, labels: ["x"])],
                new: [column("a", .enumeration)], change: .revision),
            .init(
                what: "another key", old: [column("a"), column("b")], new: [column("a"), column("b")], key: ([0], [1]),
                change: .model),
            .init(
                what: "no key any more", old: [column("a"), column("b")], new: [column("a"), column("b")],
                key: ([0], []),
                change: .model),
            // Types.
            type("int4 to int8", .integer(bits: 32), .integer(bits: 64), .addition),
            type("int8 to int4", .integer(bits: 64), .integer(bits: 32), .revision),
            type("int4 to numeric", .integer(bits: 32), .numeric(precision: nil, scale: nil), .addition),
            type("int4 to numeric(9)", .integer(bits: 32), .numeric(precision: 9, scale: 0), .revision),
            type("numeric to int4", .numeric(precision: nil, scale: nil), .integer(bits: 32), .model),
            type(
                "numeric(7,2) to numeric(9,2)", .numeric(precision: 7, scale: 2), .numeric(precision: 9, scale: 2),
                .addition),
            type(
                "numeric(7,2) to numeric(7,4)", .numeric(precision: 7, scale: 2), .numeric(precision: 7, scale: 4),
                .revision),
            type("float4 to float8", .float(bits: 32), .float(bits: 64), .addition),
            type("float8 to float4", .float(bits: 64), .float(bits: 32), .revision),
            type("varchar(5) to text", .string(maxLength: 5), .string(maxLength: nil), .addition),
            type("text to varchar(5)", .string(maxLength: nil), .string(maxLength: 5), .revision),
            type("enum to text", .enumeration, .string(maxLength: nil), .addition),
            type("text to enum", .string(maxLength: nil), .enumeration, .model),
            type("int4 to text", .integer(bits: 32), .string(maxLength: nil), .model),
            type("date to timestamptz", .date, .timestamp(withZone: true), .model),
            type("timestamp to timestamptz", .timestamp(withZone: false), .timestamp(withZone: true), .model),
            type("boolean to int4", .boolean, .integer(bits: 32), .model),
            type("json to text", .json, .string(maxLength: nil), .model),
            type("int4[] to int8[]", .array(of: .integer(bits: 32)), .array(of: .integer(bits: 64)), .addition),
            type("int4[] to text[]", .array(of: .integer(bits: 32)), .array(of: .text), .model),
            type("int4 to int4[]", .integer(bits: 32), .array(of: .integer(bits: 32)), .model),
        ]
}

@Suite struct SchemaDifferenceTests {
    @Test("a change of a table is of its class, with a reason of that class", arguments: TableChange.all)
    func classes(_ change: TableChange) {
        let difference = SchemaDifference.between(
            TableSignature(columns: change.old, keyColumns: change.key.0),
            TableSignature(columns: change.new, keyColumns: change.key.1))
        #expect(difference.change == change.change, "\(difference.reasons)")
        #expect(difference.reasons.map(\.change).max() ?? .addition == change.change)
    }

    @Test("the texts of derived schemas say the same as their tables", arguments: TableChange.all)
    func texts(_ change: TableChange) throws {
        // What a text does not tell: keys, names before, labels that are not known, and the width of a list's numbers.
        guard change.key.0 == change.key.1 || change.what == "order",
            ![
                "one renamed, known by its number", "one dropped and one of the same type added, told apart by number",
                "labels not known any more",
            ].contains(change.what)
        else { return }
        let name = try #require(SchemaName(parsing: "iglu:com.acme/t/jsonschema/1-0-0"))
        func signature(_ columns: [StreamDescriptor.Column]) throws -> TableSignature {
            let named = columns.map { column in
                var column = column
                column.sqlType = Self.sqlType(column.kind)
                return column
            }
            let text = SchemaDerivation.text(name, columns: named, comment: nil, qualifiedName: "t")
            return try TableSignature(schema: Array(text.utf8))
        }
        let difference = SchemaDifference.between(try signature(change.old), try signature(change.new))
        #expect(difference.change == change.change, "\(difference.reasons)")
    }

    private static func sqlType(_ kind: StreamDescriptor.Kind) -> String {
        switch kind {
        case .boolean: "boolean"
        case .integer(let bits): bits == 64 ? "bigint" : "integer"
        case .float(let bits): bits == 64 ? "double precision" : "real"
        case .numeric(let precision, let scale): precision.map { "numeric(\($0),\(scale ?? 0))" } ?? "numeric"
        case .string(let most): most.map { "character varying(\($0))" } ?? "text"
        case .date: "date"
        case .timestamp(let withZone): "timestamp with\(withZone ? "" : "out") time zone"
        case .json: "jsonb"
        case .enumeration: "public.mood"
        case .array(let element): sqlType(element) + "[]"
        default: "inet"
        }
    }

    @Test(
        "schemas that nobody derived are compared by their keywords",
        arguments: [
            (#"{"a":{"type":"integer"}}"#, #"{"a":{"type":"number"}}"#, SchemaChange.addition),
            (#"{"a":{"type":"number"}}"#, #"{"a":{"type":"integer"}}"#, .revision),
            (#"{"a":{"type":["string","null"]}}"#, #"{"a":{"type":"string"}}"#, .revision),
            (#"{"a":{"type":"string"}}"#, #"{"a":{"type":"integer"}}"#, .model),
            (#"{"a":{"type":"string"}}"#, #"{"a":{}}"#, .addition),
            (#"{"a":{"type":"string"}}"#, #"{"a":{"type":"string","pattern":"x"}}"#, .revision),
            (#"{"a":{"minLength":3}}"#, #"{"a":{"minLength":2}}"#, .addition),
            (#"{"a":{"minimum":1.5}}"#, #"{"a":{"minimum":1.50}}"#, .addition),
            (#"{"a":{"maximum":10}}"#, #"{"a":{"maximum":9}}"#, .revision),
            (#"{"a":{"enum":["x","y"]}}"#, #"{"a":{"enum":["x","y","z"]}}"#, .addition),
            (#"{"a":{"enum":["x","y"]}}"#, #"{"a":{"enum":["x"]}}"#, .revision),
            (#"{"a":{"items":{"type":"string"}}}"#, #"{"a":{"items":{"type":"integer"}}}"#, .revision),
            (#"{"a":{"title":"x"}}"#, #"{"a":{"title":"y"}}"#, .addition),
            (#"{"a":{}}"#, #"{"a":{},"b":{"type":"string"}}"#, .revision),
            (#"{"a":{},"b":{"type":"string"}}"#, #"{"a":{}}"#, .addition),
        ])
    func keywords(_ old: String, _ new: String, _ change: SchemaChange) throws {
        func signature(_ properties: String) throws -> TableSignature {
            try TableSignature(schema: Array(#"{"type":"object","properties":\#(properties)}"#.utf8))
        }
        let difference = SchemaDifference.between(try signature(old), try signature(new))
        #expect(difference.change == change, "\(difference.reasons)")
    }

    @Test(
        "what is no object schema cannot be compared", arguments: ["", "{", "[]", "true", "{}", #"{"properties":[]}"#])
    func noSchema(_ text: String) { #expect(throws: SchemaError.self) { try TableSignature(schema: Array(text.utf8)) } }

    @Test("nothing changed from a schema to itself")
    func same() {
        for change in TableChange.all {
            let signature = TableSignature(columns: change.new, keyColumns: change.key.1)
            #expect(SchemaDifference.between(signature, signature).isEmpty)
        }
    }

    @Test("the announcement of each change is what its own schema describes")
    func announcements() throws {
        let schema = try PayloadValidator(schema: SchemaChangeSchema.name, compiling: SchemaChangeSchema.text)
        let from = try #require(SchemaName(parsing: "iglu:com.acme/t/jsonschema/1-0-0"))
        for change in TableChange.all {
            let difference = SchemaDifference.between(
                TableSignature(columns: change.old, keyColumns: change.key.0),
                TableSignature(columns: change.new, keyColumns: change.key.1))
            let announcement = SchemaAnnouncement(
                database: "shop", schema: "public", table: "t", from: from, to: from, difference)
            let text = String(decoding: announcement.payload, as: UTF8.self)
            #expect(report(schema, text) == nil, "\(text)")
        }
    }

    @Test("an announcement names what was added, removed, renamed and changed")
    func payload() throws {
        let from = try #require(SchemaName(parsing: "iglu:com.acme/t/jsonschema/1-0-0"))
        let to = try #require(SchemaName(parsing: "iglu:com.acme/t/jsonschema/2-0-0"))
        let old = TableSignature(
            columns: [
                Column(name: "id", sqlType: "integer", kind: .integer(bits: 32), isNullable: false, number: 1),
                Column(name: "old", sqlType: "text", kind: .string(maxLength: nil), number: 2),
                Column(name: "gone", sqlType: "mood", kind: .enumeration, enumLabels: ["a \"b\""], number: 3),
            ], keyColumns: [0])
        let new = TableSignature(
            columns: [
                Column(name: "id", sqlType: "bigint", kind: .integer(bits: 64), isNullable: false, number: 1),
                Column(name: "new", sqlType: "text", kind: .string(maxLength: nil), number: 2),
                Column(name: "more", sqlType: "date", kind: .date, number: 4),
            ], keyColumns: [])
        let announcement = SchemaAnnouncement(
            database: "shop", schema: "public", table: "t", from: from, to: to, .between(old, new))
        #expect(
            String(decoding: announcement.payload, as: UTF8.self) == #"""
                {"database":"shop","schema":"public","table":"t","from":"iglu:com.acme/t/jsonschema/1-0-0","to":"iglu:com.acme/t/jsonschema/2-0-0","class":"model","added":[{"name":"more","type":"date","nullable":true}],"removed":[{"name":"gone","type":"mood","nullable":true,"labels":["a \"b\""]}],"renamed":[{"from":"old","to":"new"}],"changed":[{"name":"id","from":{"type":"integer","nullable":false},"to":{"type":"bigint","nullable":false}}],"key":{"from":["id"],"to":[]},"reasons":["column id was widened from integer to bigint","column old was renamed to new","column more was added","column gone was dropped","the key was id and is none"]}
                """#)
    }
}
