import TestServers

/// Columns of every type with values that are hard to carry, and how an event's and a mirror's value are compared with the
/// source's: by SQL, with Postgres's own text of them.
enum EveryType {
    /// One column: `$c` stands for its name, `$p` for the event's payload (json).
    struct Column: Sendable {
        var name: String
        var type: String
        /// SQL expressions, one of which is taken at random per row.
        var values: [String]
        /// What the event should say.
        var expected: String
        /// What the event says.
        var found: String
        /// What a mirror's value is compared by.
        var mirrored: String
    }

    /// Types that the databases need before the table.
    static func definitions(hasContrib: Bool) -> String {
        let contrib =
            hasContrib
            ? "create extension hstore; create extension citext; create extension ltree;"
                + " create extension cube; create extension isn; create extension seg;" : ""
        return """
            \(contrib)
            create type mood as enum ('sad', 'so, "so"', 'back\\slash', '😀');
            create type pair as (n numeric, "the ""t""\\ text" text);
            create type nest as (p pair, list pair[], doc jsonb, at timestamptz, flag bool);
            create domain price as numeric(12,2) check (value >= 0);
            create domain dearer as price;
            create domain tags as text[];
            """
    }

    private static let strings = [
        "''", "'plain'", "'NULL'", "'null'", "'a,b'", "'say \"hi\"'", "'back\\slash'", "'\\'", "'\"'", "'{}'", "'{a}'",
        "'(x)'", "'=>'", "E'line\\nfeed'", "E'\\r\\n'", "E'\\t\\x08\\x0c\\x01\\x1f\\x7f'", "'Grüße'", "'世界'",
        "'🎉👩‍👩‍👧'", "' '", "E'\\u00a0\\u2028\\u2029\\ufeff'", "'\\N'", "'\\.'", "'\\x00'",
        "repeat('long \"text\" \\ ', 300)", "repeat(E'\\x01', 700)", "E'e\\u0301 \\u00e9'", "E'\\U0010FFFF\\uFFFE'",
        "chr(1 + floor(random() * 50000)::int)",
        "repeat('x', floor(random() * 40)::int) || chr(1 + floor(random() * 126)::int) || repeat('y', floor(random() * 20)::int)",
    ]
    private static let times = [
        "'2026-01-02 03:04:05.123456'", "'2000-01-01'", "'0001-01-01'", "'9999-12-31 23:59:59.999999'", "'infinity'",
        "'-infinity'", "'0044-03-15 12:00 BC'", "'10000-01-01'", "'294276-12-31 23:59:59.999999'", "'4713-11-24 BC'",
        "timestamp '1970-01-01' + random() * interval '60 years'", "'1970-01-01 00:00:00.1'",
    ]
    private static let numbers = [
        "'NaN'", "'Infinity'", "'-Infinity'", "0", "'0.00'", "'-0.10'", "'1e-30'", "'-0.000'",
        "'12345678901234567890.12345678901234567890'", "'1e130'", "repeat('9', 130)::numeric",
        "('0.' || repeat('0', 129) || '1')::numeric", "(random() * 1e12)::numeric", "random()::numeric",
    ]
    private static let doubles = [
        "'NaN'", "'Infinity'", "'-Infinity'", "0", "'-0'", "1e300", "1.7976931348623157e308", "5e-324",
        "2.2250738585072014e-308",
        "0.1", "1e20", "1e15", "123456789.25", "random()", "random() * 1e10", "-random() * 1e-10",
    ]

    static func columns(hasContrib: Bool) -> [Column] {
        var columns: [Column] = []
        let iso = """
            case when $c::text ~ '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(\\+00)?$'
              then regexp_replace(replace($c::text, ' ', 'T'), '\\+00$', 'Z') else $c::text end
            """
        func add(
            _ type: String, _ values: [String], expected: String = "$c::text", found: String = "$p->>'$c'",
            mirrored: String = "$c::text"
        ) {
            let name = "c\(columns.count)"
            func fill(_ text: String) -> String { text.replacing("$c", with: name) }
            columns.append(
                Column(
                    name: name, type: type, values: values, expected: fill(expected), found: fill(found),
                    mirrored: fill(mirrored)))
        }
        /// Arrays, composites and hstore: the same JSON, digits of numbers included.
        func structure(_ type: String, _ values: [String], json: String = "to_json($c)", mirrored: String = "$c::text")
        {
            add(
                type, values, expected: "(\(json))::jsonb::text", found: "nullif(($p->'$c')::jsonb::text, 'null')",
                mirrored: mirrored)
        }
        func list(_ values: [String], _ type: String) -> [String] {
            let casted = values.map { "(\($0))::\(type)" }
            return ["'{}'", "null", "array[null]::\(type)[]", "array[\(casted.joined(separator: ", "))]"]
                + [
                    "(select array_agg(v) from unnest(array[\(casted.joined(separator: ", "))]) v where random() < 0.3)",
                    "array[array[\(casted[0]), null], array[null, \(casted[casted.count - 1])]]",
                ]
        }
        add("boolean", ["true", "false"])
        add("int2", ["-32768", "32767", "0"])
        add("int4", ["-2147483648", "2147483647", "0"])
        add("int8", ["-9223372036854775808", "9223372036854775807", "9007199254740993", "0"])
        add("oid", ["0", "4294967295"])
        add("numeric", numbers)
        add("numeric(12,2)", ["'NaN'", "random() * 1e9", "-0.01"])
        add("float8", doubles)
        add("float4", ["'NaN'", "'Infinity'", "'-Infinity'", "1e30", "0.1", "3.4028235e38", "1e-45", "random()"])
        for type in ["text", "varchar", "varchar(9000)"] { add(type, strings) }
        add(
            "char(40)", strings.map { "left(\($0), 40)" }, expected: "textin(bpcharout($c))",
            mirrored: "textin(bpcharout($c))")
        add("name", strings.map { "left(\($0), 15)" })
        add("\"char\"", ["'x'", "'\\'", "'\"'", "chr(1 + floor(random() * 126)::int)::\"char\"", "''"])
        add("date", times.map { "(\($0))::timestamp::date" })
        add("time", ["'24:00:00'", "'00:00'", "'12:34:56.789'", "'23:59:59.999999'"])
        add("time(0)", ["'24:00:00'", "'12:34:56.789'"])
        add("timetz", ["'24:00:00-15:59:59'", "'00:00+05:30:15'", "'12:34:56.789+02'"])
        add("timestamp", times, expected: iso)
        add("timestamptz", times.map { "(\($0))::timestamp at time zone 'UTC'" }, expected: iso)
        add("timestamptz(3)", ["now()", "'infinity'"], expected: iso)
        add(
            "interval",
            ["random() * interval '10 years'", "'-1 year 2 mons -3 days 04:05:06.789'", "'0'", "'-178000000 years'"])
        add("interval day to second", ["'3 days 04:05:06'"])
        add("uuid", ["md5(random()::text)::uuid"])
        add(
            "bytea",
            ["decode(md5(random()::text), 'hex')", "''", "'\\x00ff5c0a'", "convert_to(repeat('\\', 5000), 'UTF8')"])
        let bare = "translate($c::text, E'\\n\\r\\t ', '')"
        // Postgres itself cannot take values out of JSON that has \u0000 in it: see OddValueTests.
        let json = [
            "E'{\\n\"a\" :\\t1,\\r \"a\": {\"a\": 2}}'", "'1e99999'", "'\"x\\ny\\ud83d\\ude00\"'", "'[]'",
            "'{}'", "'\"Grüße\"'", "'-0.000'", "(repeat('9', 400))", "(repeat('[', 400) || repeat(']', 400))",
            "'[1.50, 12345678901234567890.000, true, null, \"null\"]'",
        ]
        add(
            "json", json, expected: bare, found: "nullif(translate(($p->'$c')::text, E'\\n\\r\\t ', ''), 'null')",
            mirrored: bare)
        let jsonb = [
            "'{\"a\": [1, 2.50, null, true]}'", "'\"x\\ny\"'", "'12345678901234567890.00'", "'{}'", "'\"世界\"'",
            "('{\"n\": ' || repeat('9', 300) || '.10}')", "(repeat('[', 400) || repeat(']', 400))", "'\"a\\\\b\\\"\"'",
        ]
        add("jsonb", jsonb, found: "nullif(($p->'$c')::jsonb::text, 'null')")
        // The JSON value null and SQL's null are the same in an event and in a mirror.
        add("jsonb", ["'null'"], expected: "null::text", mirrored: "nullif($c::text, 'null')")
        add("jsonpath", ["'$.a[*] ? (@.b > 1)'"])
        add("money", ["(random() * 1e6)::numeric::money", "'-92233720368547758.08'"])
        add(
            "xml",
            ["'<a b=\"c\">x &amp; y</a>'", "'<?xml version=\"1.0\" encoding=\"UTF-8\"?><ü/>'", "E'a<b/>\\n'"],
            expected: "textin(xml_out($c))", mirrored: "textin(xml_out($c))")
        add("bit(5)", ["B'10101'", "B'00000'"])
        add("varbit", ["B''", "B'0101'"])
        add("bit", ["B'1'"])
        add(
            "inet", ["'10.0.0.1'", "'10.0.0.1/8'", "'::1'", "'2001:db8::/32'", "'::ffff:1.2.3.4'"],
            expected: "textin(inet_out($c))", mirrored: "textin(inet_out($c))")
        add("cidr", ["'10.0.0.0/8'", "'::/0'"])
        add("macaddr", ["'08:00:2b:01:02:03'"])
        add("macaddr8", ["'08:00:2b:01:02:03:04:05'"])
        add("tsvector", ["to_tsvector('simple', 'it''s a \"quote\" \\ 😀')", "''", "'a:1A,2B b'"])
        add("tsquery", ["to_tsquery('simple', 'a & !b | c:*A')", "$$'it''s \\\\'$$", "''"])
        add("point", ["point(random(), -1e300)", "'(NaN,Infinity)'"])
        add("line", ["'{1,-1,0.5}'"])
        add("lseg", ["'[(0,0),(1,1)]'"])
        add("box", ["box(point(0, 0), point(random(), 1))"])
        add("path", ["'((0,0),(1,1))'", "'[(0,0),(1,1)]'"])
        add("polygon", ["'((0,0),(1,1),(1,0))'"])
        add("circle", ["'<(0,0),5>'"])
        add("pg_lsn", ["'16/B374D848'", "'0/0'", "'FFFFFFFF/FFFFFFFF'"])
        add("xid8", ["'18446744073709551615'"])
        add("regclass", ["'pg_class'"])
        add("txid_snapshot", ["'10:20:10,14'"])
        add("int4range", ["'empty'", "'[1,5)'", "'(,3)'", "'(,)'"])
        add("numrange", ["'[1.10,Infinity)'"])
        add("tstzrange", ["tstzrange('2026-01-02', null)", "'[-infinity,\"2026-01-01 00:00:00+00\"]'"])
        add("daterange", ["'[2026-01-01,infinity]'"])
        add("nummultirange", ["'{[1.0,2.0),[3,)}'", "'{}'"])
        add("mood", ["'sad'", "'so, \"so\"'", "'back\\slash'", "'😀'"])
        add("price", ["random() * 1e6", "'NaN'"])
        add("dearer", ["1.5"])
        let pairs = strings.map { "row(\(numbers[$0.utf8.count % numbers.count])::numeric, \($0))::pair" }
        structure("pair", pairs + ["row(null, null)::pair", "'(,)'"])
        structure(
            "nest",
            pairs.map {
                "row(\($0), array[\($0), null], '{\"k\": [1.0, \"v\\\\\\\"\"]}', '2026-01-01 00:00+00', random() < 0.5)::nest"
            } + ["row(null, '{}', null, null, null)::nest"],
            json: """
                to_json($c)::jsonb || case when ($c).at is null then '{}'::jsonb
                  else jsonb_build_object('at', '2026-01-01T00:00:00Z') end
                """)
        // Lower bounds are not part of JSON, nor of a mirror.
        structure(
            "int4[]",
            ["'[0:2]={1,2,3}'", "'[-1:0][2:3]={{1,2},{3,NULL}}'", "'{{{1},{2}},{{3},{4}}}'", "'{}'", "'{NULL}'"],
            mirrored: "to_json($c)::text")
        structure("text[]", list(strings, "text"))
        structure("tags", list(strings, "text"))
        structure("varchar(9000)[]", list(strings, "varchar"))
        structure("bool[]", list(["true", "false"], "bool"))
        structure("int8[]", list(["9223372036854775807", "0"], "int8"))
        structure("float8[]", list(doubles, "float8"))
        structure("numeric[]", list(numbers, "numeric"))
        structure("jsonb[]", ["'{}'", "array['{\"a\": \"x\\\\\\\"y\"}', '1.50', null, '{}']::jsonb[]"])
        structure("uuid[]", list(["md5(random()::text)::uuid"], "uuid"))
        structure("bytea[]", list(["decode(md5(random()::text), 'hex')", "''"], "bytea"))
        structure("mood[]", list(["'so, \"so\"'", "'😀'", "'back\\slash'"], "mood"))
        structure("price[]", list(["1.50"], "price"))
        structure("box[]", list(["box(point(0, 0), point(1, 1))"], "box"))
        structure("int4range[]", list(["int4range(1, 5)", "'empty'"], "int4range"))
        structure("date[]", list(times.map { "(\($0))::timestamp::date" }, "date"), json: "to_json($c::text[])")
        structure("pair[]", list(pairs, "pair"))
        if hasContrib {
            structure(
                "hstore",
                strings.map { "hstore(array[\($0), 'k'], array[\($0), null])" } + ["''", "'\"a\"=>NULL'"],
                json: "hstore_to_json($c)")
            structure("hstore[]", list(strings.map { "hstore('k\"', \($0))" }, "hstore"))
            add("citext", strings)
            structure("citext[]", list(strings, "citext"), json: "to_json($c::text[])")
            add("ltree", ["'Top.Science.a_b'", "''"])
            add("cube", ["'(1,2),(3,4)'", "cube(random())"])
            add("seg", ["'1.50 .. 2'", "'~3'"])
            add("isbn", ["'978-0-393-04002-9'"])
        }
        return columns
    }

    /// The statement that adds rows `from` to `to`, one value in ten null. `setseed` decides which values.
    static func insert(_ columns: [Column], from: Int, to: Int, seed: Double) -> String {
        let values = columns.map { column in
            let branches = column.values.enumerated().map { "when \($0) then (\($1))::\(column.type)" }
            return "case when random() < 0.1 then null else (case floor(random() * \(column.values.count))::int "
                + "\(branches.joined(separator: " ")) end) end"
        }
        return """
            select setseed(\(seed));
            insert into t select g, \(values.joined(separator: ",\n")) from generate_series(\(from), \(to)) g;
            """
    }
}

extension PostgresServer {
    /// Whether it has the extensions whose types are among those of ``EveryType``.
    func hasContrib() throws -> Bool {
        try sql(
            "select count(*) from pg_available_extensions where name in ('hstore', 'citext', 'ltree', 'cube', 'isn', 'seg')"
        ) == "6"
    }
}
