import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// What is derived from CHECK constraints, against what a server takes.
@Suite(.serialized) struct CheckServerTests {
    private static let columns: [(type: String, check: String, isSaid: Bool)] = [
        ("int", "x > 0", true), ("int", "x >= 1 and x <= 10", true), ("int", "x between -5 and 5", true),
        ("int", "x in (1, 2, 7)", true), ("smallint", "x < 7", true), ("bigint", "x > 0.5", true),
        ("int", "x is null or x > 1", true), ("int", "x <> 1", false), ("int", "x % 2 = 0", false),
        ("numeric", "x > 0", true), ("numeric", "x <= 7", true), ("numeric(6,2)", "x >= -1.5 and x < 7", true),
        ("numeric", "x in (1, 2.50)", true), ("double precision", "x >= 0.5", true),
        ("double precision", "x < 7", true),
        ("real", "x > 1", true), ("real", "x > 0.1", false), ("text", "x <> ''", true),
        ("text", "length(x) <= 3", true),
        ("text", "char_length(x) between 2 and 3", true), ("varchar(5)", "char_length(x) > 1", true),
        ("text", "x in ('a', 'abc')", true), ("varchar(9)", "x in ('a', 'it''s', 'b\\c')", true),
        ("text", "x = 'abc'", true), ("text", "x ~ '^[a-z]+$'", true), ("varchar", "x ~ '^.b'", true),
        ("text", "x ~ '[^a]$'", true), ("text", "x ~ '^(a|b\\\\)'", true), ("text", "x ~ '\\d'", false),
        ("text", "x ~* 'A'", false),
        ("char(4)", "length(x) < 3", false), ("positive", "x < 7", true),
        ("word", "x <> 'abc'", false), ("text", "x is not null", true),
    ]
    private static let values = [
        "-6", "-1.5", "-1", "0", "0.1", "0.5", "0.7", "1", "1.5", "2", "2.50", "5", "6.99", "7", "7.5", "10", "11",
        "NaN", "Infinity", "-Infinity", "", "a",
        "ab", "abc", "ABC", "abcd", "it''s", "b\\c", "a\nb", "\nb", "äöü", "a1",
    ]

    @Test("a derived schema takes what the server takes, constraint by constraint", arguments: [14, 18])
    func sameAnswers(major: Int) throws {
        let server = try PostgresServer(major)
        var sql = """
            create domain positive as int not null check (value > 0);
            create domain short as text check (length(value) < 4);
            create domain word as short check (value <> '');
            create table taken (t int, v text);

            """
        for (index, column) in Self.columns.enumerated() {
            sql += "create table t\(index) (x \(column.type), constraint c check (\(column.check)));\n"
            for value in Self.values + ["null"] {
                let text = value == "null" ? "null" : "'\(value)'"
                sql += """
                    do $do$ begin insert into t\(index) values (\(text)); insert into taken values (\(index), \(text));
                    exception when others then null; end $do$;

                    """
            }
        }
        sql += "create publication p for all tables;"
        try server.sql("set standard_conforming_strings = on;\n\(sql)")
        let catalog = try DatabaseReading.catalog(of: server)
        let taken = try DatabaseReading.rows("select t, v from taken", of: server)
        for (index, column) in Self.columns.enumerated() {
            let shape = try Self.shape("t\(index)", catalog)
            #expect(shape.columns[0].rules.remarks.isEmpty == column.isSaid, "\(column)")
            let accepted = taken.filter { $0[0] == "\(index)" }.map { $0[1] }
            let validator = try Self.validator(shape)
            for value in Self.values.map({ Optional($0.replacing("''", with: "'")) }) + [nil] {
                let json =
                    value.map { ValueGoldenTests.json(Array($0.utf8), shape.columns[0].typeOID, catalog.types) }
                    ?? "null"
                var evaluator = SchemaEvaluator()
                let passes = Array(#"{"x":\#(json)}"#.utf8).withUnsafeBytes { validator.passes($0, using: &evaluator) }
                if accepted.contains(value) {
                    #expect(passes, "\(column) takes \(value ?? "null")")
                } else if column.isSaid, Self.isOfType(value, shape.columns[0].kind) {
                    #expect(!passes, "\(column) refuses \(value ?? "null")")
                }
            }
        }
    }

    /// Whether a text is one that the server writes for the type: what it would round or cut is another value.
    private static func isOfType(_ value: String?, _ kind: StreamDescriptor.Kind) -> Bool {
        guard let value else { return true }
        switch kind {
        case .integer: return Int(value) != nil
        case .numeric, .float: return Double(value) != nil
        default: return true
        }
    }

    private static func shape(_ table: String, _ catalog: Catalog) throws -> TableShape {
        let id = try #require(catalog.tables.relations.first { catalog.tables[$0]?.name == table })
        return TableShape(try #require(catalog.tables.relation(id)), database: "d", catalog: catalog)
    }

    private static func validator(_ shape: TableShape) throws -> PayloadValidator {
        let name = try #require(SchemaName(vendor: "com.acme", name: "t", version: .first))
        let text = SchemaDerivation.text(name, columns: shape.columns, comment: nil, qualifiedName: shape.table)
        return try PayloadValidator(schema: name, compiling: text)
    }

    @Test("constraints of tables, domains and identities are read", arguments: [14, 18])
    func read(major: Int) throws {
        let server = try PostgresServer(major)
        try server.sql(
            """
            create domain positive as numeric(8,2) not null check (value > 0) check (value < 1000);
            create domain price as positive check (value <= 500);
            create table t (
              id int generated always as identity primary key, own int generated by default as identity,
              p price, a int check (a > 1), b int, twice int generated always as (a * 2) stored,
              check (a < b), check (b between 1 and 9));
            alter table t add constraint late check (b > 5) not valid;
            create publication p for table t;
            """)
        if major >= 18 { try server.sql("alter table t add constraint idle check (b > 7) not enforced;") }
        let catalog = try DatabaseReading.catalog(of: server)
        let id = try #require(catalog.tables.relations.first)
        let relation = try #require(
            catalog.tables.relation(id, columns: ["id", "own", "p", "a", "b", "twice"]))
        let columns = TableShape(relation, database: "d", catalog: catalog).columns
        #expect(columns.map(\.isReadOnly) == [true, false, false, false, false, true])
        #expect(columns[2].rules.minimum == .init("0", isExclusive: true) && columns[2].rules.maximum == .init("500"))
        #expect(!columns[2].isNullable && columns[3].isNullable)
        #expect(columns[3].rules.minimum == .init("2") && columns[3].rules.remarks == ["CHECK ((a < b))"])
        #expect(columns[4].rules.minimum == .init("1") && columns[4].rules.maximum == .init("9"))
        #expect(columns[4].rules.remarks == ["CHECK ((a < b))"])
        let name = try #require(SchemaName(vendor: "com.acme", name: "t", version: .first))
        let text = SchemaDerivation.text(name, columns: columns, comment: nil, qualifiedName: "public.t")
        let lines = text.split(separator: "\n").filter { $0.contains("sqlType") }
        #expect(
            lines.map { $0.trimmingPrefix { $0 == " " } } == [
                #""id": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647, "sqlType": "integer", "readOnly": true},"#,
                #""own": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647, "sqlType": "integer"},"#,
                #""p": {"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 500, "multipleOf": 0.01, "sqlType": "public.price"},"#,
                #""a": {"type": ["integer", "null"], "minimum": 2, "maximum": 2147483647, "sqlType": "integer", "$comment": "CHECK ((a < b))"},"#,
                #""b": {"type": ["integer", "null"], "minimum": 1, "maximum": 9, "sqlType": "integer", "$comment": "CHECK ((a < b))"},"#,
                #""twice": {"type": ["integer", "null"], "minimum": -2147483648, "maximum": 2147483647, "sqlType": "integer", "readOnly": true}"#,
            ])
    }
}
