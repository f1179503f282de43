import CoreIngest

/// The mirrors that this session has met. Makes their tables of changes and their views, and makes the views anew where the source has
/// changed its shape. Only ever outside of transactions: what fails half-way is gone on with the next time.
struct MaterializeMirrorCatalog {
    private var tables: [MaterializeName: MaterializeMirrorTable] = [:]
    private var changes: [MaterializeName: MaterializeChanges] = [:]
    private var origins: TableOrigins
    private let settings: MaterializeSinkSettings
    private let positions: MaterializePositions

    init(_ settings: MaterializeSinkSettings, _ positions: MaterializePositions) {
        self.settings = settings
        self.positions = positions
        origins = TableOrigins(settings.state, sink: settings.name)
    }

    mutating func forget() {
        for table in tables.values { table.abandon() }
        tables = [:]
        changes = [:]
    }

    private func name(of stream: StreamDescriptor) -> MaterializeName {
        let schema = settings.schema ?? (stream.schemaName.isEmpty ? "public" : stream.schemaName)
        return MaterializeName(
            schema: NameRules.materialize.mapped(schema), name: NameRules.materialize.mapped(stream.table))
    }

    /// What is known of the stream's mirror, in whatever shape.
    func known(_ stream: StreamDescriptor) -> MaterializeMirrorTable? { tables[name(of: stream)] }

    /// The tables of changes behind a mirror that was met.
    func changes(of mirror: MaterializeName) -> MaterializeChanges? { changes[mirror] }

    /// The mirror of a stream, made or changed to its shape. A failure in the result is of this table only.
    mutating func table(
        for stream: StreamDescriptor, source: SourceIdentity, _ session: MaterializeSession
    ) throws(PostgresFailure) -> Result<MaterializeMirrorTable, PostgresFailure> {
        let mirror = name(of: stream)
        if let known = tables[mirror], known.descriptor === stream { return .success(known) }
        do throws(TableRefusal) {
            try origins.claim(ExactText(mirror.changesPrefix), as: "\(mirror)", for: stream, of: source)
        } catch {
            guard error.canBeMended else { return .failure(PostgresFailure(.data, error.description)) }
            throw PostgresFailure(.misconfigured, error.description)
        }
        if let known = tables[mirror], known.serves(stream) { return .success(known) }
        do throws(TableRefusal) {
            try Self.check(stream, mirror)
        } catch {
            return .failure(PostgresFailure(.data, error.description))
        }
        var found = try lookUp(mirror, stream, session)
        let known = found.tables.count
        let types: [MaterializeType]
        do throws(TableRefusal) {
            types = try Self.follow(stream, &found)
        } catch {
            throw PostgresFailure(.misconfigured, error.description)
        }
        try make(found, known: known, session)
        guard let latest = found.tables.last else {
            throw PostgresFailure(.catalogChanged, "\(mirror) lost its tables of changes while it was looked at")
        }
        let made = MaterializeMirrorTable(mirror, changes: found.name(latest), stream, types)
        tables[mirror] = made
        changes[mirror] = found
        return .success(made)
    }

    private static func check(_ stream: StreamDescriptor, _ mirror: MaterializeName) throws(TableRefusal) {
        try NameRules.materialize.check(stream, more: MaterializeChanges.columns.count)
        for own in MaterializeChanges.columns {
            if stream.columns.contains(where: { $0.name.utf8.elementsEqual(own.name.utf8) }) {
                throw TableRefusal(
                    "\(stream.qualifiedName) has a column \(own.name), which the mirror needs for itself: leave it out of the publication"
                )
            }
        }
        if mirror.changesPrefix.utf8.count + 8 > NameRules.mostMaterializeBytes {
            throw TableRefusal(
                "\(stream.qualifiedName) has a name too long for Materialize: set `schema` to a shorter one")
        }
    }

    // MARK: Looking

    private func lookUp(
        _ mirror: MaterializeName, _ stream: StreamDescriptor, _ session: MaterializeSession
    ) throws(PostgresFailure) -> MaterializeChanges {
        let prefix = mirror.changesPrefix
        let rows = try session.rows(
            """
            SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns \
            WHERE table_catalog = current_database() AND table_schema = \(postgresLiteral(settings.positionsSchema)) \
            AND substr(table_name, 1, \(prefix.unicodeScalars.count)) = \(postgresLiteral(prefix)) \
            ORDER BY table_name, ordinal_position
            """)
        var tables: [Int: MaterializeChanges.Table] = [:]
        let own = Set(MaterializeChanges.columns.map(\.name))
        for row in rows {
            guard let table = row[0], let column = row[1], let type = row[2], table.hasPrefix(prefix),
                let number = Int(table.dropFirst(prefix.count)), number > 0
            else { continue }
            var known = tables[number] ?? MaterializeChanges.Table(number: number, columns: [], key: [])
            if !own.contains(column) {
                known.columns.append(.init(name: column, type: MaterializeType(parsing: type)))
                if row[3] == "NO" { known.key.insert(column) }
            }
            tables[number] = known
        }
        return MaterializeChanges(
            mirror: mirror, schema: settings.positionsSchema,
            tables: tables.values.sorted { $0.number < $1.number },
            key: stream.keyColumns.map { NameRules.materialize.mapped(stream.columns[$0].name) }, marks: positions.marks
        )
    }

    /// Adds a table of changes where the last one cannot take the stream's rows. Answers the columns' types in the last one.
    private static func follow(
        _ stream: StreamDescriptor, _ found: inout MaterializeChanges
    ) throws(TableRefusal) -> [MaterializeType] {
        let key = Set(found.key)
        let remedy =
            "DROP VIEW \(found.mirror.sql), drop \(found.tables.map { found.name($0).sql }.joined(separator: ", ")), then take a fresh snapshot"
        for table in found.tables where table.key != key {
            throw TableRefusal("\(stream.qualifiedName) has another key than its mirror \(found.mirror): \(remedy)")
        }
        var types: [MaterializeType] = []
        let known = found.all
        var isMissing = false
        for (index, column) in stream.columns.enumerated() {
            let name = NameRules.materialize.mapped(column.name)
            var wanted = MaterializeTypes.rule(for: column, inKey: stream.keyColumns.contains(index)).type
            if let there = known.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
                switch wanted.fit(there.type) {
                case .fits: wanted = there.type
                case .change: isMissing = true
                case .refused(let reason):
                    throw TableRefusal(
                        "column \(column.name) of the mirror \(found.mirror) has the type \(there.type), \(reason): \(remedy)"
                    )
                }
            }
            let last = found.tables.last?.columns.first { $0.name.utf8.elementsEqual(name.utf8) }
            if last?.type != wanted { isMissing = true }
            types.append(wanted)
        }
        if isMissing || found.tables.isEmpty {
            // With all columns there ever were: so each further table gives the mirror another column or type, by which is seen that the
            // view is not made anew yet.
            var columns = stream.columns.indices.map {
                MaterializeChanges.Column(name: NameRules.materialize.mapped(stream.columns[$0].name), type: types[$0])
            }
            for old in known where !columns.contains(where: { $0.name.utf8.elementsEqual(old.name.utf8) }) {
                if found.key.isEmpty, MaterializeChanges.columns.contains(where: { $0.name == old.name }) { continue }
                columns.append(old)
            }
            found.tables.append(.init(number: (found.tables.last?.number ?? 0) + 1, columns: columns, key: key))
        }
        return types
    }

    // MARK: Making

    /// `known`: how many of the tables of changes are there already.
    private func make(
        _ found: MaterializeChanges, known: Int, _ session: MaterializeSession
    ) throws(PostgresFailure) {
        let mirror = found.mirror
        let kind = try session.kind(of: mirror)
        if let kind, kind != "VIEW" || known == 0 {
            throw PostgresFailure(
                .misconfigured,
                "\(mirror) exists and is not a mirror of this sink (\(kind.lowercased())): rename it, or set `schema`")
        }
        if let latest = found.tables.last, known < found.tables.count {
            try session.define(found.createTable(latest))
        }
        if kind == nil {
            try session.makeSchema(mirror.schema)
            try session.define(found.createView(replacing: false))
        } else if try columns(of: mirror, session) != found.all {
            do throws(PostgresFailure) {
                try session.define(found.createView(replacing: true))
            } catch {
                guard error.kind == .misconfigured else { throw error }
                throw PostgresFailure(
                    .misconfigured,
                    "\(mirror) is to be made anew, as its source has changed its columns: \(error.message): drop what depends on it, and make it again afterwards",
                    sqlState: error.sqlState)
            }
        }
        if settings.makesIndexes, !found.key.isEmpty { try session.define(found.createIndex(in: settings.cluster)) }
    }

    private func columns(
        of name: MaterializeName, _ session: MaterializeSession
    ) throws(PostgresFailure) -> [MaterializeChanges.Column] {
        try session.rows(
            """
            SELECT column_name, data_type FROM information_schema.columns WHERE table_catalog = current_database() \
            AND table_schema = \(postgresLiteral(name.schema)) AND table_name = \(postgresLiteral(name.name)) \
            ORDER BY ordinal_position
            """
        ).map { .init(name: $0[0] ?? "", type: MaterializeType(parsing: $0[1] ?? "")) }
    }
}
