import CoreIngest

/// The types of Postgres as the page of each destination lists them: every kind, and every case that a rule may tell apart.
enum SourceTypes {
    struct Sample {
        /// For the page, as Markdown.
        var label: String
        var column: StreamDescriptor.Column
        /// Whether a key may have it.
        var mayBeKey = true
    }

    static let all: [Sample] = [
        sample("`boolean`", "boolean", .boolean),
        sample("`smallint`", "smallint", .integer(bits: 16)),
        sample("`integer`", "integer", .integer(bits: 32)),
        sample("`bigint`, `oid`", "bigint", .integer(bits: 64)),
        sample("`real`", "real", .float(bits: 32)),
        sample("`double precision`", "double precision", .float(bits: 64)),
        sample(
            "`numeric(p,s)` up to 29 digits before and 9 behind the point", "numeric(12,2)",
            .numeric(precision: 12, scale: 2)),
        sample(
            "`numeric(p,s)` up to 38 digits", "numeric(38,12)",
            .numeric(precision: 38, scale: 12)),
        sample("`numeric(p,s)` up to 65 digits", "numeric(60,10)", .numeric(precision: 60, scale: 10)),
        sample("`numeric(p,s)` with more digits", "numeric(200,50)", .numeric(precision: 200, scale: 50)),
        sample("`numeric`", "numeric", .numeric(precision: nil, scale: nil)),
        sample("`varchar(n)` (here 40), `char(n)`", "character varying(40)", .string(maxLength: 40)),
        sample("`text`, `varchar`", "text", .string(maxLength: nil)),
        sample("enums", "public.mood", .enumeration),
        sample("`uuid`", "uuid", .uuid),
        sample("`date`", "date", .date),
        sample("`time`", "time without time zone", .time(withZone: false)),
        sample("`time with time zone`", "time with time zone", .time(withZone: true)),
        sample("`timestamp`", "timestamp without time zone", .timestamp(withZone: false)),
        sample("`timestamp with time zone`", "timestamp with time zone", .timestamp(withZone: true)),
        sample("`interval`", "interval", .interval),
        sample("`bytea`", "bytea", .bytes),
        sample("`json`", "json", .json, mayBeKey: false),
        sample("`jsonb`", "jsonb", .json),
        sample("arrays", "integer[]", .array(of: .integer(bits: 32))),
        sample("composite types", "public.pair", .composite([.init(name: "a", kind: .text)])),
        sample("`hstore`", "public.hstore", .hstore),
        sample(
            "any other (`inet`, ranges, `money`, `xml`, `tsvector`, geometry, types of extensions …)", "inet", .text),
    ]

    private static func sample(
        _ label: String, _ sqlType: String, _ kind: StreamDescriptor.Kind, mayBeKey: Bool = true
    ) -> Sample {
        Sample(
            label: label, column: StreamDescriptor.Column(name: "c", sqlType: sqlType, kind: kind), mayBeKey: mayBeKey)
    }
}
