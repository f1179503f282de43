import CoreIngest
import TestServers
import Testing

@testable import Sinks

/// Every type comes through JSON into a mirror's column equal to what it was.
@Suite struct PostgresTypeTests {
    private typealias Kind = StreamDescriptor.Kind

    private struct Case {
        var type: String
        var kind: StreamDescriptor.Kind
        /// SQL literals without quotes doubled by hand; each makes one row.
        var literals: [String]
        /// The JSON of the literals where it is more than a string or the text itself.
        var json: [String]?
        /// The type's modifier, as `pg_attribute` has it.
        var modifier: Int32 = -1
    }

    private static let mood = Kind.enumeration
    private static let point = Kind.composite([
        .init(name: "x", kind: .integer(bits: 32)), .init(name: "label", kind: .text),
        .init(name: "tags", kind: .array(of: .text)),
    ])

    private static let cases: [Case] = [
        Case(type: "boolean", kind: .boolean, literals: ["true", "false"]),
        Case(type: "smallint", kind: .integer(bits: 16), literals: ["-32768", "32767"]),
        Case(type: "integer", kind: .integer(bits: 32), literals: ["-2147483648", "2147483647"]),
        Case(type: "bigint", kind: .integer(bits: 64), literals: ["-9223372036854775808", "9007199254740993"]),
        Case(type: "oid", kind: .integer(bits: 32), literals: ["4294967295"]),
        Case(type: "real", kind: .float(bits: 32), literals: ["1.1754944e-38", "NaN", "-Infinity"]),
        Case(
            type: "double precision", kind: .float(bits: 64),
            literals: ["2.2250738585072014e-308", "0.1", "NaN", "Infinity"]),
        Case(
            type: "numeric", kind: .numeric(precision: nil, scale: nil),
            literals: [
                "1.000", "123456789012345678901234567890.123456789012345678901234567890", "NaN", "Infinity", "1e-30",
            ]),
        Case(
            type: "numeric(12,3)", kind: .numeric(precision: 12, scale: 3), literals: ["999999999.999", "-0.001"],
            modifier: 12 << 16 | 3 + 4),
        Case(type: "money", kind: .text, literals: ["$1,234.56", "-$0.01"]),
        Case(
            type: "text", kind: .string(maxLength: nil),
            literals: ["", "\\N", "\\", "a\tb\nc\rd\u{8}\u{B}", "🐘 é \"q\" 'a'", "\u{7F}\u{1}"]),
        Case(type: "character varying(5)", kind: .string(maxLength: 5), literals: ["äöüß🐘"], modifier: 9),
        Case(type: "character(5)", kind: .string(maxLength: 5), literals: ["ab   "], modifier: 9),
        Case(type: "name", kind: .text, literals: ["a name"]),
        Case(type: "\"char\"", kind: .text, literals: ["x", "\\"]),
        Case(type: "bytea", kind: .bytes, literals: ["\\x", "\\x00ff5c22"]),
        Case(type: "uuid", kind: .uuid, literals: ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        Case(
            type: "date", kind: .date,
            literals: ["2026-11-21", "0044-03-15 BC", "infinity", "-infinity", "12345-01-01"]),
        Case(type: "time without time zone", kind: .time(withZone: false), literals: ["24:00:00", "01:02:03.000004"]),
        Case(type: "time with time zone", kind: .time(withZone: true), literals: ["01:02:03+05:30:15", "24:00:00-12"]),
        Case(
            type: "timestamp without time zone", kind: .timestamp(withZone: false),
            literals: ["2026-11-21 01:02:03.000004", "infinity", "0001-01-01 00:00:00 BC", "294276-12-31 23:59:59"],
            json: [
                #""2026-11-21T01:02:03.000004""#, #""infinity""#, #""0001-01-01 00:00:00 BC""#,
                #""294276-12-31 23:59:59""#,
            ]),
        Case(
            type: "timestamp with time zone", kind: .timestamp(withZone: true),
            literals: ["2026-11-21 01:02:03+00", "-infinity", "4714-11-24 00:00:00+00 BC"],
            json: [#""2026-11-21T01:02:03Z""#, #""-infinity""#, #""4714-11-24 00:00:00+00 BC""#]),
        Case(type: "interval", kind: .interval, literals: ["1 year 2 mons -3 days +04:05:06.7", "-00:00:01"]),
        Case(
            type: "json", kind: .json,
            literals: [#"{"a": 1.00, "a": [1,  2], "z": "\u0000\\"}"#, "\"text\"", "12345678901234567890.10"]),
        Case(type: "jsonb", kind: .json, literals: [#"{"a": 1.00, "b": "é\n"}"#, "[]", "true"]),
        Case(type: "bit(4)", kind: .text, literals: ["1010"], modifier: 4),
        Case(type: "bit varying(9)", kind: .text, literals: ["", "101"], modifier: 9),
        Case(type: "inet", kind: .text, literals: ["10.0.0.1/8", "::1"]),
        Case(type: "cidr", kind: .text, literals: ["10.0.0.0/8"]),
        Case(type: "macaddr", kind: .text, literals: ["08:00:2b:01:02:03"]),
        Case(type: "macaddr8", kind: .text, literals: ["08:00:2b:01:02:03:04:05"]),
        Case(type: "xml", kind: .text, literals: ["<a b=\"c\">é</a>", "text only"]),
        Case(type: "tsvector", kind: .text, literals: ["'a':1A 'it''s':2"]),
        Case(type: "tsquery", kind: .text, literals: ["'a' & !'b'"]),
        Case(type: "pg_lsn", kind: .text, literals: ["16/B374D848"]),
        Case(type: "jsonpath", kind: .text, literals: [#"$."a"?(@ > 1)"#]),
        Case(type: "point", kind: .text, literals: ["(1.5,-2)"]),
        Case(type: "line", kind: .text, literals: ["{1,2,3}"]),
        Case(type: "lseg", kind: .text, literals: ["[(0,0),(1,1)]"]),
        Case(type: "box", kind: .text, literals: ["(1,1),(0,0)"]),
        Case(type: "path", kind: .text, literals: ["((0,0),(1,1))", "[(0,0),(1,1)]"]),
        Case(type: "polygon", kind: .text, literals: ["((0,0),(1,1),(2,0))"]),
        Case(type: "circle", kind: .text, literals: ["<(0,0),2>"]),
        Case(type: "int4range", kind: .text, literals: ["[1,5)", "empty", "(,)"]),
        Case(type: "tstzrange", kind: .text, literals: [#"["2026-01-01 00:00:00+00",infinity)"#]),
        Case(type: "int8multirange", kind: .text, literals: ["{[1,3),[5,9)}", "{}"]),
        Case(
            type: "integer[]", kind: .array(of: .integer(bits: 32)), literals: ["{1,NULL,3}", "{}", "{{1,2},{3,4}}"],
            json: ["[1,null,3]", "[]", "[[1,2],[3,4]]"]),
        Case(
            type: "text[]", kind: .array(of: .text), literals: [#"{"NULL",NULL,"a\"b","c\\d","{e}",""}"#, #"{{{a}}}"#],
            json: [#"["NULL",null,"a\"b","c\\d","{e}",""]"#, #"[[["a"]]]"#]),
        Case(
            type: "numeric(6,2)[]", kind: .array(of: .numeric(precision: 6, scale: 2)), literals: ["{1.00,NaN}"],
            json: [#"[1.00,"NaN"]"#], modifier: 6 << 16 | 2 + 4),
        Case(
            type: "jsonb[]", kind: .array(of: .json), literals: [#"{"{\"a\": \"x\\\"y\"}","[1, 2]",NULL}"#],
            json: [#"[{"a": "x\"y"},[1, 2],null]"#]),
        Case(
            type: "bytea[]", kind: .array(of: .bytes), literals: [#"{"\\x00ff","\\x"}"#], json: [#"["\\x00ff","\\x"]"#]),
        Case(
            type: "box[]", kind: .array(of: .text), literals: ["{(1,1),(0,0);(2,2),(1,1)}"],
            json: [#"["(1,1),(0,0)","(2,2),(1,1)"]"#]),
        Case(
            type: "timestamp with time zone[]", kind: .array(of: .timestamp(withZone: true)),
            literals: [#"{"2026-01-01 00:00:00+00",infinity}"#], json: [#"["2026-01-01 00:00:00+00","infinity"]"#]),
        Case(type: "mood", kind: mood, literals: ["so so", "it's \"ok\""]),
        Case(type: "mood[]", kind: .array(of: mood), literals: [#"{"so so",NULL}"#], json: [#"["so so",null]"#]),
        Case(
            type: "spot", kind: point, literals: [#"(1,"a ""b"" \\ c","{x,""y z""}")"#, "(,,)"],
            json: [#"{"x":1,"label":"a \"b\" \\ c","tags":["x","y z"]}"#, #"{"x":null,"label":null,"tags":null}"#]),
        Case(
            type: "spot[]", kind: .array(of: point), literals: [#"{"(1,\"a,b\",)",NULL}"#],
            json: [#"[{"x":1,"label":"a,b","tags":null},null]"#]),
        Case(type: "percent", kind: .integer(bits: 32), literals: ["100"]),
        Case(
            type: "hstore", kind: .hstore, literals: [#""a"=>"x\"y", "b"=>NULL, ""=>"\\""#, ""],
            json: [#"{"a":"x\"y","b":null,"":"\\"}"#, "{}"]),
    ]

    private static let types = """
        CREATE TYPE mood AS ENUM ('so so', 'it''s "ok"'); CREATE TYPE spot AS (x integer, label text, tags text[]);
        CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100);
        """

    /// The JSON that a decoder makes of a literal whose canonical text is `text`.
    private static func json(_ text: String, _ kind: Kind) -> String {
        let isNumber = !["NaN", "Infinity", "-Infinity"].contains(text)
        switch kind {
        case .boolean: return text.hasPrefix("t") ? "true" : "false"
        case .json: return text
        case .integer where isNumber: return text
        case .float where isNumber: return text
        case .numeric where isNumber: return text
        default:
            var arena = ByteArena()
            arena.appendJSONString(text: text)
            return String(decoding: arena.bytes, as: UTF8.self)
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// The session settings that the source pins.
    private static let pins =
        "SET extra_float_digits = 3; SET TimeZone = 'UTC'; SET lc_monetary = 'C'; SET xmloption = content; "

    /// One table with a column per case and as many rows as the longest list of literals; sent as new rows, then as updates.
    private static func send(_ cases: [Case], to database: TestDatabase, schema: String? = nil, texts: [[String]])
        async throws
        -> LaneStandIn<PostgresSink>
    {
        var columns = [StreamDescriptor.Column(name: "id", sqlType: "integer", kind: .integer(bits: 32), isKey: true)]
        for (index, one) in cases.enumerated() {
            columns.append(.init(name: "c\(index)", sqlType: one.type, kind: one.kind, typeModifier: one.modifier))
        }
        let stream = testStream("everything", columns)
        let lane = LaneStandIn(testSink(database) { $0.schema = schema })
        try await lane.open()
        for operation in [Operation.create, .update] {
            let maker = BatchMaker()
            if operation == .update { maker.begin() }
            for row in 0..<(cases.map(\.literals.count).max() ?? 0) {
                var payload = "{\"id\":\(row)"
                for (index, one) in cases.enumerated() where row < one.literals.count {
                    payload += ",\"c\(index)\":\(one.json?[row] ?? json(texts[index][row], one.kind))"
                }
                maker.add(operation, stream, payload + "}", key: "{\"id\":\(row)}")
            }
            try await lane.deliver(maker.seal())
        }
        return lane
    }

    /// What the server makes of each literal.
    private static func texts(_ cases: [Case], _ database: TestDatabase) throws -> [[String]] {
        try cases.map { one in
            try one.literals.map { try database.sql("\(pins)SELECT \(quoted($0))::\(one.type)::text") }
        }
    }

    @Test(arguments: PostgresServer.matrix) func everyTypeArrivesEqual(major: Int) async throws {
        let database = try SharedPostgres.database(major)
        try database.sql(Self.types)
        var cases = Self.cases
        let hasHstore = (try? database.sql("CREATE EXTENSION hstore")) != nil
        if !hasHstore { cases.removeAll { $0.type == "hstore" } }
        let texts = try Self.texts(cases, database)
        let lane = try await Self.send(cases, to: database, texts: texts)
        #expect(lane.rejections.isEmpty, "\(lane.rejections)")
        for (index, one) in cases.enumerated() {
            let type = try database.sql(
                """
                SELECT format_type(atttypid, atttypmod) FROM pg_attribute
                WHERE attrelid = 'everything'::regclass AND attname = 'c\(index)'
                """)
            #expect(type == one.type)
            for row in one.literals.indices {
                let found = try database.sql("\(Self.pins)SELECT c\(index)::text FROM everything WHERE id = \(row)")
                #expect(found == texts[index][row], "\(one.type), row \(row)")
            }
        }
        await lane.sink.close()
    }

    @Test func typesThatTheTargetDoesNotKnowGetTheNearestOne() async throws {
        let database = try SharedPostgres.database()
        let foreign: [(type: String, expected: String)] = [
            ("mood", "text"), ("mood[]", "text[]"), ("spot", "jsonb"), ("spot[]", "jsonb"), ("percent", "integer"),
            ("hstore", "jsonb"),
        ]
        let cases = foreign.compactMap { one in Self.cases.first { $0.type == one.type } }
        let lane = try await Self.send(cases, to: database, texts: cases.map(\.literals))
        #expect(lane.rejections.isEmpty, "\(lane.rejections)")
        for (index, one) in foreign.enumerated() {
            let type = try database.sql(
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'everything'::regclass AND attname = 'c\(index)'"
            )
            #expect(type == one.expected)
        }
        #expect(try database.sql("SELECT c0 FROM everything ORDER BY id") == "so so\nit's \"ok\"")
        #expect(try database.sql("SELECT c1[1] FROM everything WHERE id = 0") == "so so")
        #expect(
            try database.sql("SELECT c2->>'label', c3->0->>'label' FROM everything WHERE id = 0") == #"a "b" \ c|a,b"#)
        #expect(try database.sql("SELECT c4 FROM everything WHERE id = 0") == "100")
        #expect(try database.sql("SELECT c5->>'a', c5->'b' FROM everything WHERE id = 0") == #"x"y|null"#)
        await lane.sink.close()
    }
}
