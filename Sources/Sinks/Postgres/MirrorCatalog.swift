import CoreIngest

/// The mirror tables that this session has met. Makes them when they are missing and follows their sources' new columns.
///
/// What is made is made in the transaction of the write, so after a rollback all of it is forgotten: see ``forget()``.
final class MirrorCatalog {
    private let schemaOverride: String?
    private let schemaChangeTimeout: Duration
    private var targets: [PostgresTable: MirrorTarget] = [:]
    private var origins: TableOrigins
    /// Tables in which rows that should have been new were there already: their inserts go the longer way from now on.
    private var conflicting: Set<PostgresTable> = []
    private var stages = 0
    private var stagesSince = ContinuousClock.now

    /// Temporary tables that are kept; each costs a little at every commit.
    private static let mostStages = 64
    /// How long they are kept: an old temporary table holds back the database's transaction horizon, and vacuum cannot help.
    private static let longestStage = Duration.seconds(3600)

    init(_ settings: PostgresSinkSettings) {
        schemaOverride = settings.schema
        schemaChangeTimeout = settings.schemaChangeTimeout
        origins = TableOrigins(settings.state, sink: settings.name)
    }

    func forget() {
        targets = [:]
        stages = 0
    }

    func noteConflict(in table: PostgresTable) { conflicting.insert(table) }

    func meetsConflicts(_ table: PostgresTable) -> Bool { conflicting.contains(table) }

    func table(of stream: StreamDescriptor) -> PostgresTable {
        PostgresTable(schema: schemaOverride ?? stream.schemaName, name: stream.table)
    }

    /// Between transactions: lets go of temporary tables that are too many or too old.
    func trimStages(_ connection: PostgresConnection) throws(PostgresFailure) {
        guard stages > Self.mostStages || stages > 0 && stagesSince.duration(to: .now) > Self.longestStage else {
            return
        }
        try connection.run("DISCARD TEMP")
        for target in targets.values { target.stage = nil }
        stages = 0
    }

    /// The name of the temporary table that rows for a target pass through.
    func stage(for target: MirrorTarget, _ connection: PostgresConnection) throws(PostgresFailure) -> String {
        if let stage = target.stage { return stage }
        if stages == 0 { stagesSince = .now }
        stages += 1
        let name = "buz_stage_\(stages)"
        try connection.run(
            """
            CREATE TEMP TABLE \(name) ON COMMIT DELETE ROWS AS
              SELECT \(target.list(target.writable)) FROM \(target.table.sql) WITH NO DATA
            """)
        target.stage = name
        return name
    }

    /// The target for a source table in a shape, made or altered to that shape.
    func target(for stream: StreamDescriptor, source: SourceIdentity, _ connection: PostgresConnection)
        throws(PostgresFailure) -> MirrorTarget
    {
        let table = table(of: stream)
        if let known = targets[table], known.descriptor === stream { return known }
        do throws(TableRefusal) {
            try origins.claim(ExactText(table.sql), as: "\(table)", for: stream, of: source)
        } catch {
            guard error.canBeMended else {
                throw PostgresFailure(.data, error.description, sqlState: Self.takenByAnother)
            }
            throw PostgresFailure(.misconfigured, error.description)
        }
        if let known = targets[table], known.serves(stream) { return known }
        try checkNames(stream, table)
        let shape = try types(of: stream, connection)
        if let oid = try connection.relation(table) {
            try alter(table, oid, to: stream, shape, connection)
        } else {
            try create(table, for: stream, shape, connection)
        }
        guard let oid = try connection.relation(table) else {
            throw PostgresFailure(.catalogChanged, "\(table) vanished while it was looked at")
        }
        let target = MirrorTarget(
            table: table, descriptor: stream, columns: try columns(of: oid, for: stream, table, connection))
        targets[table] = target
        return target
    }

    // MARK: Types

    /// The type of each column as the destination writes it, which is what goes into statements: the source's own text never does.
    private func types(of stream: StreamDescriptor, _ connection: PostgresConnection) throws(PostgresFailure)
        -> [String]
    {
        var known: [String?] = []
        try connection.run("SAVEPOINT buz_types")
        do throws(PostgresFailure) {
            known = try lookUp(stream.columns[...], connection)
        } catch {
            guard connection.isUsable, error.kind != .transient else { throw error }
            // One name that the destination cannot read, or may not look at: then one by one.
            try connection.run("ROLLBACK TO SAVEPOINT buz_types")
            for index in stream.columns.indices {
                do throws(PostgresFailure) {
                    known += try lookUp(stream.columns[index...index], connection)
                } catch {
                    guard connection.isUsable, error.kind != .transient else { throw error }
                    try connection.run("ROLLBACK TO SAVEPOINT buz_types")
                    known.append(nil)
                }
            }
        }
        try connection.run("RELEASE SAVEPOINT buz_types")
        return zip(stream.columns, known).map { column, type in type ?? fallbackType(of: column.kind) }
    }

    private func lookUp(_ columns: ArraySlice<StreamDescriptor.Column>, _ connection: PostgresConnection)
        throws(PostgresFailure) -> [String?]
    {
        // An empty name is no type, but an error.
        let names = columns.map { $0.sqlType.isEmpty ? "pg_catalog.\"?\"" : $0.sqlType }
        let modifiers = columns.map { "\($0.typeModifier)" }
        let rows = try connection.query(
            """
            SELECT CASE WHEN t.typtype <> 'p' THEN pg_catalog.format_type(t.oid, w.modifier) END
            FROM unnest($1::text[], $2::int4[]) WITH ORDINALITY AS w(name, modifier, n)
            LEFT JOIN pg_catalog.pg_type t ON t.oid = pg_catalog.to_regtype(w.name) ORDER BY w.n
            """, [postgresTextArray(names), "{\(modifiers.joined(separator: ","))}"])
        var found: [String?] = []
        for row in 0..<rows.rowCount { found.append(rows.text(row, 0)) }
        return found
    }

    // MARK: Definition

    private func create(
        _ table: PostgresTable, for stream: StreamDescriptor, _ types: [String], _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        let count = stream.columns.count + (stream.keyColumns.isEmpty ? Self.changeColumns.count : 0)
        try checkWidth(count, table)
        try connection.createSchemaIfMissing(table.schema)
        // Only the key is NOT NULL: a constraint that the source drops later must not hold the mirror up.
        var parts = stream.columns.indices.map { index in
            let isKey = stream.keyColumns.contains(index)
            return "\(postgresIdentifier(stream.columns[index].name)) \(types[index])\(isKey ? " NOT NULL" : "")"
        }
        if stream.keyColumns.isEmpty {
            parts += Self.changeColumns.map { "\($0.name) \($0.type)" }
        } else {
            parts.append("PRIMARY KEY (\(Self.keyList(stream)))")
        }
        try connection.define("CREATE TABLE \(table.sql) (\(parts.joined(separator: ", ")))")
    }

    /// What tables without a key have besides.
    static let changeColumns: [(name: String, type: String)] = [
        ("_buz_op", "text"), ("_buz_commit_lsn", "pg_lsn"), ("_buz_ordinal", "numeric(20)"),
    ]

    /// Postgres's own limit, which counts dropped columns too.
    private static let mostColumns = 1600

    /// Checked beforehand, as the server's refusal would end the transaction and with it the changes of other tables.
    private func checkWidth(_ count: Int, _ table: PostgresTable) throws(PostgresFailure) {
        guard count > Self.mostColumns else { return }
        throw PostgresFailure(
            .data,
            "\(table) would have \(count) columns as a mirror, more than the \(Self.mostColumns) columns of a Postgres table: "
                + "leave columns out of the publication, or give the source table a primary key (SQLSTATE 54011)",
            sqlState: "54011")
    }

    /// See ``checkWidth(_:_:)``.
    private func checkNames(_ stream: StreamDescriptor, _ table: PostgresTable) throws(PostgresFailure) {
        guard stream.keyColumns.isEmpty else { return }
        let taken = Set(Self.changeColumns.map { ExactText($0.name) })
        guard let column = stream.columns.first(where: { taken.contains($0.$name) }) else { return }
        throw PostgresFailure(
            .data,
            "\(table) has a column \(column.name), which the mirror of a table without a key needs for itself: give the source "
                + "table a primary key, rename the column, or leave it out of the publication (SQLSTATE 42701)",
            sqlState: "42701")
    }

    /// What only this table's events are refused for.
    static let impossibleTables: Set<String> = ["54011", "42701", takenByAnother]
    /// The mirror is another source table's: duplicate_table.
    private static let takenByAnother = "42P07"

    private static func keyList(_ stream: StreamDescriptor) -> String {
        stream.keyColumns.map { postgresIdentifier(stream.columns[$0].name) }.joined(separator: ", ")
    }

    private func alter(
        _ table: PostgresTable, _ oid: String, to stream: StreamDescriptor, _ types: [String],
        _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        let rows = try connection.query(
            """
            SELECT CASE WHEN NOT attisdropped THEN attname END, pg_catalog.format_type(atttypid, atttypmod)
            FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0
            """, [oid])
        var present: [ExactText: String] = [:]
        for row in 0..<rows.rowCount {
            if let name = rows.text(row, 0) { present[ExactText(name)] = rows.text(row, 1) }
        }
        var changes: [String] = []
        var added = 0
        var rewrites = false
        for (column, type) in zip(stream.columns, types) {
            let name = postgresIdentifier(column.name)
            guard let old = present[column.$name] else {
                changes.append("ADD COLUMN \(name) \(type)")
                added += 1
                continue
            }
            if let wider = widerType(from: old, to: type) {
                changes.append("ALTER COLUMN \(name) TYPE \(wider)")
                rewrites = true
            }
        }
        if stream.keyColumns.isEmpty {
            for column in Self.changeColumns where present[ExactText(column.name)] == nil {
                changes.append("ADD COLUMN \(column.name) \(column.type)")
                added += 1
            }
        }
        if added > 0 { try checkWidth(rows.rowCount + added, table) }
        if !changes.isEmpty {
            try connection.define(
                "ALTER TABLE \(table.sql) \(changes.joined(separator: ", "))",
                within: rewrites ? schemaChangeTimeout : nil)
        }
        if !stream.keyColumns.isEmpty { try ensureUniqueKey(table, oid, stream, connection) }
    }

    /// Upserts need a unique index of exactly the key's columns.
    private func ensureUniqueKey(
        _ table: PostgresTable, _ oid: String, _ stream: StreamDescriptor, _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        let names = stream.keyColumns.map { stream.columns[$0].name }
        let found = try connection.query(
            """
            SELECT 1 FROM pg_catalog.pg_index i
            WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
              AND i.indexprs IS NULL AND
              (SELECT array_agg(a.attname::text COLLATE "C" ORDER BY a.attname::text COLLATE "C")
               FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
               WHERE k.place <= i.indnkeyatts)
              = (SELECT array_agg(n COLLATE "C" ORDER BY n COLLATE "C") FROM unnest($2::text[]) AS n)
            """, [oid, postgresTextArray(names)])
        if found.rowCount > 0 { return }
        do throws(PostgresFailure) {
            try connection.define(
                "CREATE UNIQUE INDEX ON \(table.sql) (\(Self.keyList(stream)))", within: schemaChangeTimeout)
        } catch {
            guard error.kind == .misconfigured else { throw error }
            throw PostgresFailure(
                .misconfigured,
                "\(table) has no unique index on its source's key (\(names.joined(separator: ", "))), and none can be made: "
                    + "\(error.message): drop or rename the table, then take a fresh snapshot", sqlState: error.sqlState
            )
        }
    }

    /// Reads the columns as they are now, in the order of the source's.
    private func columns(
        of oid: String, for stream: StreamDescriptor, _ table: PostgresTable, _ connection: PostgresConnection
    ) throws(PostgresFailure) -> [MirrorTarget.Column] {
        let rows = try connection.query(
            """
            SELECT a.attname, a.attgenerated <> '', coalesce(e.typdelim, t.typdelim),
              coalesce(nullif(t.typbasetype, 0), t.oid) IN (114, 3802)
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
            WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
            """, [oid])
        var found: [ExactText: (isGenerated: Bool, delimiter: UInt8, isJSON: Bool)] = [:]
        for row in 0..<rows.rowCount {
            let delimiter = rows.text(row, 2)?.utf8.first ?? UInt8(ascii: ",")
            found[ExactText(rows.text(row, 0) ?? "")] = (rows.text(row, 1) == "t", delimiter, rows.text(row, 3) == "t")
        }
        var columns: [MirrorTarget.Column] = []
        for column in stream.columns {
            guard let there = found[column.$name] else {
                throw PostgresFailure(.catalogChanged, "\(table) lost column \(column.name) while it was looked at")
            }
            columns.append(
                MirrorTarget.Column(
                    sql: postgresIdentifier(column.name),
                    form: PostgresTextForm(isJSON: there.isJSON, kind: column.kind, delimiter: there.delimiter),
                    isWritable: !there.isGenerated))
        }
        return columns
    }
}
