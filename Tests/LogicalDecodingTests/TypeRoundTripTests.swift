import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// Random values of every type, written by SQL, must be found in the events as Postgres itself writes them as JSON,
/// through the stream and through COPY alike. BUZ_FUZZ_SEED repeats a run.
@Suite(.serialized) struct TypeRoundTripTests {
    /// A type, an expression for a random value of it (which may refer to the row number `g`), and an expression for
    /// the JSON of its column `$c`, where it is not what `to_json` makes of it.
    struct Sample: Sendable {
        var type: String
        var value: String
        var json = "to_json($c)"
    }

    static let anyText = """
        (array['', 'plain', 'NULL', 'null', 'a,b', 'say "hi"', 'back\\slash', '\\', '"', '{}', '{a}', '(x)', '=>', E'line\\nfeed',
          E'\\t\\r\\b\\f\\x01\\x1f', 'Grüße', '世界', '🎉', ' ', ' lead', 'trail ', E'\\u00a0', repeat('long "text" ', 40), '\\N', '\\x',
          chr((random() * 50000)::int + 1), chr((random() * 125)::int + 1) || '12345678' || chr((random() * 125)::int + 1)
        ])[1 + (random() * 26)::int]
        """
    static let anyTime = """
        (array[timestamp '2026-01-02 03:04:05.123456', timestamp '2000-01-01', timestamp '0001-01-01', timestamp '9999-12-31 23:59:59.999999',
          timestamp 'infinity', timestamp '-infinity', timestamp '0044-03-15 12:00 BC', timestamp '10000-01-01', timestamp '294276-12-31',
          timestamp '1970-01-01' + random() * interval '60 years', timestamp '1970-01-01' + random() * interval '60 years'])[1 + (random() * 10)::int]
        """
    static let anyNumber = """
        (array['NaN', 'Infinity', '-Infinity', '0', '0.00', '-0.10', '1e-30', '12345678901234567890.123456789', '1e40',
          (random() * 1e12)::numeric::text, random()::text])[1 + (random() * 10)::int]::numeric
        """
    static let anyDouble = """
        (array['NaN', 'Infinity', '-Infinity', '0', '-0', '1e300', '1.7976931348623157e308', '5e-324', '0.1', '1e20', '123456789.25',
          random()::text, (random() * 1e10)::text])[1 + (random() * 12)::int]::float8
        """
    static let iso = """
        case when $c::text ~ '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(\\+00)?$'
          then to_json(regexp_replace(replace($c::text, ' ', 'T'), '\\+00$', 'Z')) else to_json($c::text) end
        """

    static func array(_ element: String, _ type: String) -> String {
        "array(select case when random() < 0.2 then null else \(element) end from generate_series(1, g % 5))::\(type)[]"
    }

    static func samples(hasHstore: Bool) -> [Sample] {
        let text = "to_json($c::text)"
        var samples = [
            Sample(type: "boolean", value: "random() < 0.5"),
            Sample(type: "int2", value: "(random() * 65535 - 32768)::int2"),
            Sample(type: "int4", value: "(random() * 4294967295 - 2147483648)::int4"),
            Sample(
                type: "int8",
                value: "(array[9223372036854775807, -9223372036854775808, 0, g, (random() * 1e18)::int8])[1 + g % 5]"),
            Sample(type: "oid", value: "(array['0', '4294967295', '42'])[1 + g % 3]::oid", json: "to_json($c::int8)"),
            Sample(type: "numeric", value: anyNumber),
            Sample(type: "numeric(12,2)", value: "(random() * 1e9)::numeric(12,2)"),
            Sample(type: "float8", value: anyDouble),
            Sample(
                type: "float4",
                value: "(array['NaN', 'Infinity', '-Infinity', '1e30', '0.1', random()::text])[1 + g % 6]::float4"),
            Sample(type: "text", value: anyText), Sample(type: "varchar(600)", value: anyText),
            Sample(type: "char(30)", value: "left(\(anyText), 30)"),
            Sample(type: "name", value: "left(\(anyText), 20)"),
            Sample(type: "\"char\"", value: "chr((random() * 100)::int + 20)::\"char\"", json: text),
            Sample(type: "date", value: "(\(anyTime))::date", json: text),
            Sample(type: "time", value: "(array['24:00:00', '00:00', '12:34:56.789'])[1 + g % 3]::time", json: text),
            Sample(
                type: "timetz",
                value: "(array['24:00:00-15:59:59', '00:00+05:30:15', '12:34:56.789+02'])[1 + g % 3]::timetz",
                json: text),
            Sample(type: "timestamp", value: anyTime, json: iso),
            Sample(type: "timestamptz", value: "(\(anyTime)) at time zone 'UTC'", json: iso),
            Sample(type: "timestamp(0)", value: anyTime, json: iso),
            Sample(type: "interval", value: "random() * interval '10 years' - interval '5 years'", json: text),
            Sample(type: "uuid", value: "md5(random()::text)::uuid"),
            Sample(type: "bytea", value: "decode(md5(random()::text), 'hex')", json: text),
            Sample(
                type: "json",
                value:
                    "(array[E'{\\n\"a\" :\\t1, \"a\": 2}', '1e99999', '\"x\\ny\\u0000\"', '[]', 'null', '\"Grüße\"'])[1 + g % 6]::json",
                json: "$c"),
            Sample(
                type: "jsonb",
                value:
                    "(array['{\"a\": [1, 2.50, null, true]}', '\"x\\ny\"', '12345678901234567890.00', '{}', '\"世界\"'])[1 + g % 5]::jsonb",
                json: "$c"),
            Sample(type: "money", value: "(random() * 1e6)::numeric::money", json: text),
            Sample(type: "xml", value: "'<a b=\"c\">x &amp; y</a>'::xml", json: text),
            Sample(type: "bit(5)", value: "(g % 32)::bit(5)", json: text),
            Sample(type: "varbit", value: "g::bit(10)::varbit", json: text),
            Sample(type: "inet", value: "'10.0.0.0'::inet + g"),
            Sample(type: "cidr", value: "'10.0.0.0/8'::cidr", json: text),
            Sample(type: "macaddr", value: "'08:00:2b:01:02:03'::macaddr", json: text),
            Sample(type: "tsvector", value: "to_tsvector('simple', 'it''s a \"quote\" ' || g)", json: text),
            Sample(type: "tsquery", value: "to_tsquery('simple', 'a & !b')", json: text),
            Sample(type: "point", value: "point(random(), g)", json: text),
            Sample(type: "box", value: "box(point(0, 0), point(g, 1))", json: text),
            Sample(type: "polygon", value: "polygon(box(point(0, 0), point(g, 1)))", json: text),
            Sample(type: "circle", value: "circle(point(0, 0), g)", json: text),
            Sample(type: "pg_lsn", value: "'16/B374D848'::pg_lsn", json: text),
            Sample(type: "int4range", value: "(array['empty', '[1,5)', '(,3)'])[1 + g % 3]::int4range", json: text),
            Sample(type: "tstzrange", value: "tstzrange('2026-01-02', null)", json: text),
            Sample(type: "nummultirange", value: "'{[1.0,2.0),[3,)}'::nummultirange", json: text),
            Sample(type: "mood", value: "(array['sad', 'so, \"so\"', 'happy'])[1 + g % 3]::mood"),
            Sample(type: "price", value: "(random() * 1e6)::price"),
            Sample(type: "pair", value: "row(case when g % 3 > 0 then g end, \(anyText))::pair"),
            Sample(
                type: "nest",
                value:
                    "row(row(g, \(anyText))::pair, \(array("row(g, \(anyText))::pair", "pair")), '{\"k\": \"v\"}')::nest"
            ),
            Sample(type: "int4[]", value: array("g", "int4")),
            Sample(
                type: "int4[]",
                value:
                    "(array['[0:2]={1,2,3}', '[-1:0][2:3]={{1,2},{3,NULL}}', '{{{1},{2}},{{3},{4}}}', '{}'])[1 + g % 4]::int4[]"
            ),
            Sample(type: "text[]", value: array(anyText, "text")),
            Sample(type: "text[]", value: "array[array[\(anyText), \(anyText)], array[\(anyText), null]]"),
            Sample(type: "bool[]", value: array("random() < 0.5", "bool")),
            Sample(type: "float8[]", value: array(anyDouble, "float8")),
            Sample(type: "numeric[]", value: array(anyNumber, "numeric")),
            Sample(type: "jsonb[]", value: array("'{\"a\": \"x\\\\\\\"y\"}'", "jsonb")),
            Sample(type: "uuid[]", value: array("md5(random()::text)::uuid", "uuid")),
            Sample(type: "bytea[]", value: array("decode(md5(random()::text), 'hex')", "bytea")),
            Sample(type: "mood[]", value: array("'so, \"so\"'::mood", "mood")),
            Sample(type: "price[]", value: array("1.50", "price")),
            Sample(type: "box[]", value: array("box(point(0, 0), point(g, 1))", "box")),
            Sample(type: "int4range[]", value: array("int4range(1, g + 1)", "int4range")),
            Sample(type: "pair[]", value: array("row(g, \(anyText))::pair", "pair")),
        ]
        if hasHstore {
            samples += [
                Sample(
                    type: "hstore", value: "hstore(array[\(anyText), 'k'], array[\(anyText), null])",
                    json: "hstore_to_json($c)"),
                Sample(type: "hstore[]", value: array("hstore('k\"', \(anyText))", "hstore")),
            ]
        }
        return samples
    }

    @Test("Random values of every type are found as Postgres writes them", arguments: PostgresServer.matrix)
    func everyTypeRoundTrips(major: Int) throws {
        let server = try PostgresServer(major)
        let seed = FuzzTests.setting("BUZ_FUZZ_SEED") ?? UInt64.random(in: 0..<1_000_000)
        print("round trip on \(major): BUZ_FUZZ_SEED=\(seed)")
        let hasHstore = try server.sql("select count(*) from pg_available_extensions where name = 'hstore'") == "1"
        let samples = Self.samples(hasHstore: hasHstore)
        let columns = samples.enumerated().map { "c\($0) \($1.type)" }.joined(separator: ", ")
        let values = samples.map { "case when random() < 0.1 then null else \($0.value) end" }.joined(separator: ",\n")
        try server.sql(
            """
            \(hasHstore ? "create extension hstore;" : "")
            create type mood as enum ('sad', 'so, "so"', 'happy');
            create type pair as (n int, "the ""t""\" text);
            create type nest as (p pair, list pair[], doc jsonb);
            create domain price as numeric(12,2);
            create table t (id int primary key, \(columns));
            create publication p for table t;
            """)
        try server.sql("select pg_create_logical_replication_slot('s', 'pgoutput');")
        try server.sql(
            """
            \(DatabaseReading.session) select setseed(\(Double(seed % 1000) / 1000));
            insert into t select g, \(values) from generate_series(1, 120) g;
            """)
        let json = samples.enumerated().map { "(\($1.json.replacing("$c", with: "c\($0)")))::text" }
        let expected = try DatabaseReading.rows(
            "select id, \(json.joined(separator: ", ")) from t order by id", of: server
        )
        .map { row in
            let members = row.dropFirst().enumerated().map { "\"c\($0)\":\($1 ?? "null")" }
            return DatabaseReading.withoutBlanks("{\"id\":\(row[0] ?? ""),\(members.joined(separator: ","))}")
        }
        #expect(expected.count == 120)

        let catalog = try DatabaseReading.catalog(of: server)
        var harness = DecoderHarness(catalog: catalog)
        for message in try DatabaseReading.messages(of: server) {
            if case .relation(let relation) = try harness.decode(message.bytes, at: message.lsn) {
                #expect(catalog.isComplete(for: relation))
                #expect(catalog.tables.relation(relation.id) == relation)
            }
        }
        let streamed = harness.seal()
        check(streamed, expected, samples)

        let relation = try #require(catalog.tables.relations.first.flatMap { catalog.tables.relation($0) })
        var decoder = CopyRowDecoder(
            relation: relation, settings: DecoderHarness.settings, catalog: catalog, streams: DecoderHarness.streams,
            snapshotLSN: LogSequenceNumber(1), snapshotTime: 0)
        var builder = EventBatchBuilder()
        for (ordinal, line) in try DatabaseReading.lines("copy (select * from t order by id) to stdout", of: server)
            .enumerated()
        {
            try Array(line.utf8).withUnsafeBytes {
                try decoder.decode(line: $0, ordinal: UInt64(ordinal), into: &builder)
            }
        }
        check(builder.seal(source: DecoderHarness.settings.source, acknowledge: 0, receivedAt: 0), expected, samples)
    }

    private func check(_ batch: EventBatch, _ expected: [String], _ samples: [Sample]) {
        #expect(batch.records.count == expected.count)
        for (index, expected) in expected.enumerated() where index < batch.records.count {
            let payload = batch.payload(index)
            #expect(!payload.utf8.contains(10))
            let found = DatabaseReading.withoutBlanks(payload)
            let same = zip(found.utf8, expected.utf8).prefix { $0 == $1 }.count
            #expect(
                found == expected,
                "row \(index + 1): …\(String(decoding: found.utf8.dropFirst(same - 40).prefix(120), as: UTF8.self))… should be …\(String(decoding: expected.utf8.dropFirst(same - 40).prefix(120), as: UTF8.self))…"
            )
        }
    }

    @Test("Key changes, TOAST and messages come through on every server", arguments: PostgresServer.matrix)
    func changesComeThrough(major: Int) throws {
        let server = try PostgresServer(major)
        try server.sql(
            """
            create table t (b int, a text, big text, primary key (a, b));
            alter table t alter big set storage external;
            create table f (id int primary key, big text, n int);
            alter table f alter big set storage external;
            alter table f replica identity full;
            create publication p for table t, f;
            """)
        try server.sql("select pg_create_logical_replication_slot('s', 'pgoutput');")
        try server.sql(
            """
            insert into t values (1, 'x', repeat('long', 2000));
            update t set b = 2;
            update t set big = 'short';
            delete from t;
            begin; insert into f values (1, repeat('long', 2000), 1); update f set n = 2; delete from f; commit;
            begin; select pg_logical_emit_message(true, 'audit', 'inside'); truncate t, f restart identity cascade; commit;
            select pg_logical_emit_message(false, 'audit', 'outside');
            -- The message alone is not flushed to the log; this commit is.
            create table later ();
            """)
        var harness = DecoderHarness(catalog: try DatabaseReading.catalog(of: server))
        var ends: [LogSequenceNumber] = []
        for message in try DatabaseReading.messages(of: server) {
            if case .commit(let end) = try harness.decode(message.bytes, at: message.lsn) { ends.append(end) }
        }
        let batch = harness.seal()
        #expect(String(decoding: batch.records.map(\.operation.rawValue), as: UTF8.self) == "cuudcudmttm")
        #expect(ends == ends.sorted() && Set(ends).count == ends.count)
        #expect(batch.records.map(\.position) == batch.records.map(\.position).sorted())
        #expect(Set(batch.records.map(\.position)).count == batch.records.count)
        let long = String(repeating: "long", count: 2000)
        #expect(batch.payload(0) == "{\"b\":1,\"a\":\"x\",\"big\":\"\(long)\"}")
        #expect(batch.key(0) == #"{"a":"x","b":1}"#)
        #expect(batch.payload(1) == #"{"b":2,"a":"x"}"#)
        #expect(batch.before(1) == #"{"b":1,"a":"x"}"#)
        #expect(batch.text(of: batch.records[1].unchanged) == #""big""#)
        #expect(batch.records[1].flags == [.beforeIsKeyOnly, .keyChanged])
        #expect(batch.records[2].flags == [])
        #expect(batch.payload(3) == #"{"b":2,"a":"x"}"#)
        #expect(batch.payload(5) == "{\"id\":1,\"big\":\"\(long)\",\"n\":2}")
        #expect(batch.before(5) == "{\"id\":1,\"big\":\"\(long)\",\"n\":1}")
        #expect(batch.records[5].unchanged.isEmpty)
        #expect(batch.payload(6) == "{\"id\":1,\"big\":\"\(long)\",\"n\":2}")
        #expect(batch.payload(7) == #"{"prefix":"audit","content":"inside"}"#)
        #expect(batch.text(of: batch.records[8].contexts).hasSuffix(#"{"cascade":true,"restartIdentity":true}"#))
        #expect(batch.payload(10) == #"{"prefix":"audit","content":"outside"}"#)
        #expect(batch.transaction(of: batch.records[10]) == nil)
    }
}
