import CoreIngest

extension PostgresInputConfiguration {
    private enum Keys {
        static let name = Key<String>.text(
            "name", "Name of this input in logs, metrics and local state. Do not change it later.", .required,
            rule: .identifier, example: "shop")
        static let url = Key<String>.text(
            "url",
            "Connection to the database, as a postgres:// URL or libpq's key=value string. The user needs the REPLICATION attribute and SELECT on the tables.",
            .required, secrecy: .connection,
            example: "postgres://buz:${BUZ_SHOP_PASSWORD:-}@localhost:5432/shop?sslmode=require")
        static let slot = Key<String>.text(
            "slot", "Replication slot; created when missing.",
            .derived(note: "buz_ and the name") { $0.text("name").map { "buz_" + plain($0) } }, rule: .slot,
            example: "buz_shop")
        static let publication = Key<String>.text(
            "publication", "Publication; created when missing, for the tables below.",
            .derived(note: "buz_ and the name") { $0.text("name").map { "buz_" + plain($0) } }, rule: .databaseName,
            example: "buz_shop")
        static let tables = Key<[String]>.texts(
            "tables",
            "Which tables are read: schema.table with '*' for any run of characters; '!' before a pattern leaves tables out.",
            .defaulted(["public.*"]), rule: .tablePattern, minimum: 1, example: ["public.*", "!public.audit_*"])
        static let snapshot = Key<SnapshotMode>.choice(
            "snapshot",
            "Whether the rows that are there already are read first: once, when the slot is created (initial), not at all (never), or at every start (always).",
            .defaulted("initial"))
        static let acceptGap = Key<Bool>.boolean(
            "acceptGap",
            "Goes on although changes may have been lost, where the start is refused for that: the slot is gone, lost, or was read by another. Set it for one start only.",
            .defaulted("false"))
        static let schemas = Key<CheckedSection>.section("schemas", schemasSpecification)
        static let vendor = Key<String>.text(
            "vendor",
            "First part of the derived schemas' names: iglu:VENDOR/TABLE/jsonschema/1-0-0. The default becomes local.DATABASE.",
            .defaulted("local"),
            rule: .vendor, example: "com.acme.shop")
        static let schemaChanges = Key<CheckedSection>.section(
            "schemaChanges",
            SectionSpecification(
                "What happens to rows of a table whose schema changed, by the class of the change: they are delivered (allow), become dead letters of every sink (deadLetter), or the input takes nothing more (pause), until the new schema is approved.",
                [addition.specification, revision.specification, model.specification]))
        static let addition = Key<SchemaPolicy.Action>.choice(
            "addition", "The new schema accepts all that the old one did: a column came.", .defaulted("allow"))
        static let revision = Key<SchemaPolicy.Action>.choice(
            "revision", "Older data may fail the new schema: a column went, or a type is narrower.",
            .defaulted("allow"))
        static let model = Key<SchemaPolicy.Action>.choice(
            "model", "Values have another form, or rows another key, or a column another name.", .defaulted("allow"))
        static let statusInterval = Key<Duration>.duration(
            "statusInterval", "How often the server is told how far events are safe. Well below wal_sender_timeout.",
            .defaulted("1s"), in: .milliseconds(50)...(.seconds(60)))
        static let connectTimeout = Key<Duration>.duration(
            "connectTimeout", "How long connecting may take before it is tried again.", .defaulted("10s"),
            in: .seconds(1)...(.seconds(300)))
        static let batch = Key<CheckedSection>.section("batch", limits.specification)
        static let limits = BatchBoundKeys(
            doc:
                "Bounds of the batches that are handed on. Only a transaction that is still arriving is held back for the linger time.",
            maxEvents: "8192", maxBytes: "128KiB", linger: "20ms")

        static let schemasSpecification = SectionSpecification(
            "How the schemas of the tables are named.", [vendor.specification])
    }

    static let specification = SectionSpecification(
        "A Postgres database.",
        [
            Keys.name.specification, Keys.url.specification, Keys.slot.specification, Keys.publication.specification,
            Keys.tables.specification, Keys.snapshot.specification, Keys.acceptGap.specification,
            Keys.schemas.specification, Keys.schemaChanges.specification, Keys.statusInterval.specification,
            Keys.connectTimeout.specification,
            Keys.batch.specification,
        ])

    init(_ section: CheckedSection) {
        self.init(
            name: section[Keys.name], url: section[Keys.url], slot: section[Keys.slot],
            publication: section[Keys.publication], tables: section[Keys.tables], snapshot: section[Keys.snapshot],
            acceptGap: section[Keys.acceptGap],
            schemaVendor: section[Keys.schemas][Keys.vendor],
            schemaChanges: SchemaPolicy(
                addition: section[Keys.schemaChanges][Keys.addition],
                revision: section[Keys.schemaChanges][Keys.revision],
                model: section[Keys.schemaChanges][Keys.model]),
            statusInterval: section[Keys.statusInterval],
            connectTimeout: section[Keys.connectTimeout], batch: Keys.limits.read(section[Keys.batch]))
    }

    /// What slot names may hold: lower case letters, digits, underscores.
    private static func plain(_ name: String) -> String {
        String(name.lowercased().map { $0 == "-" ? "_" : $0 }.prefix(59))
    }
}

extension TextRule {
    /// Postgres's own rule for slots.
    static let slot = TextRule(
        description: "1 to 63 lower case letters, digits or '_'", pattern: "^[a-z0-9_]{1,63}$"
    ) { text in
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    /// Names in a database: any text that fits `NAMEDATALEN`.
    static let databaseName = TextRule(description: "a name of 1 to 63 bytes", pattern: "^.{1,63}$") { text in
        (1...63).contains(text.utf8.count) && !text.unicodeScalars.contains { $0.value == 0 || $0 == "\n" }
    }

    static let tablePattern = TextRule(
        description: "schema.table, such as public.* or !public.audit_*", pattern: "^!?[^!.].*[.].+$"
    ) { text in
        let pattern = text.hasPrefix("!") ? text.dropFirst() : text[...]
        guard let dot = pattern.firstIndex(of: "."), !pattern.hasPrefix("!") else { return false }
        return dot != pattern.startIndex && pattern.index(after: dot) != pattern.endIndex
    }

    static let vendor = TextRule(
        description: "a vendor such as com.acme.shop: letters, digits, '-' and '_' with single dots between",
        pattern: "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$"
    ) { SchemaName(vendor: $0, name: "table", version: .first) != nil }
}
