import Synchronization

/// Makes the stream descriptors of an input's tables: derives each table's schema, gives it its version, and compiles what its
/// rows are checked against. Any thread; asked when a table is first seen or has changed, never per event.
///
/// A contract takes the place of the derived schema: when the registry has any version of `iglu:VENDOR/NAME/jsonschema/…`, rows are
/// checked against the latest, and events carry its name. It is looked up when a table's shape is first announced, and again
/// after ``forget()``.
package final class SchemaCatalog: Sendable {
    private struct Table {
        var columns: [StreamDescriptor.Column]
        var keyColumns: [Int]
        var comment: String?
        var descriptor: StreamDescriptor
    }

    private struct State {
        /// By database, schema and table.
        var tables: [[ExactText]: Table] = [:]
        /// Texts of derived schemas.
        var texts: [SchemaName: String] = [:]
    }

    private let vendor: String?
    private let versions: SchemaVersions
    /// Takes the place of `versions` when their storage fails.
    private let volatileVersions = SchemaVersions(.inMemory())
    private let contracts: SchemaCache?
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// `vendor`: of derived schemas; nil for `local.DATABASE`. `warn` gets one line for the log when a contract cannot be used
    /// or the versions cannot be kept.
    package init(
        vendor: String?, versions: SchemaVersions, contracts: SchemaCache? = nil,
        warn: @escaping @Sendable (String) -> Void
    ) throws(SchemaError) {
        if let vendor, SchemaName(vendor: vendor, name: "x", version: .first) == nil {
            throw SchemaError(
                .malformed,
                "'\(vendor)' is no vendor of a schema; use letters, digits, '-', '_' and single dots, as in com.acme.shop"
            )
        }
        self.vendor = vendor
        self.versions = versions
        self.contracts = contracts
        self.warn = warn
    }

    /// The descriptor of a table. The same object as before while nothing about the table has changed.
    package func stream(
        database: String, schema: String, table: String, comment: String? = nil, columns: [StreamDescriptor.Column],
        keyColumns: [Int]
    ) -> StreamDescriptor {
        let key = [database, schema, table].map { ExactText($0) }
        let known = state.withLock { $0.tables[key] }
        if let known, known.columns == columns, known.keyColumns == keyColumns, known.comment == comment {
            return known.descriptor
        }
        let qualified = schema.isEmpty ? table : "\(schema).\(table)"
        let signature = TableSignature(columns: columns, keyColumns: keyColumns)
        let derived = name(database: database, schema: schema, table: table, signature)
        let text = SchemaDerivation.text(derived, columns: columns, comment: comment, qualifiedName: qualified)
        let contract = contract(for: derived, table: qualified)
        let validator = contract.validator ?? self.validator(derived, text, table: qualified)
        let descriptor = StreamDescriptor(
            database: database, schemaName: schema, table: table, columns: columns, keyColumns: keyColumns,
            schema: contract.validator?.schema ?? derived, validator: validator)
        return state.withLock { state in
            state.texts[derived] = text
            // Without a usable answer from the registry the next announcement asks again.
            if contract.isSettled {
                state.tables[key] = Table(
                    columns: columns, keyColumns: keyColumns, comment: comment, descriptor: descriptor)
            }
            return descriptor
        }
    }

    /// Forgets the descriptors, so that the next announcement of each table looks for its contract again: after a purge.
    package func forget() { state.withLock { $0.tables = [:] } }

    /// The text of a derived schema; nil for one that this catalog did not derive.
    package func text(of name: SchemaName) -> String? { state.withLock { $0.texts[name] } }

    /// The schemas derived since the start.
    package var derivedNames: [SchemaName] {
        state.withLock { $0.texts.keys.sorted { $0.description < $1.description } }
    }

    /// What the first event of a table in this shape announces; nil where the table had the shape before the event.
    ///
    /// The answer belongs to the position: for an event that comes again it is the same. Ask for every event that is the first of
    /// its table in a connection, in a new shape, or in a snapshot.
    package func announcement(
        database: String, schema: String, table: String, columns: [StreamDescriptor.Column], keyColumns: [Int],
        at position: Position, of source: SourceIdentity, isSnapshot: Bool
    ) -> SchemaAnnouncement? {
        do {
            let observation = try versions.observe(
                vendor: owner(of: database), database: database, schema: schema, table: table,
                signature: TableSignature(columns: columns, keyColumns: keyColumns), at: position,
                of: source, isSnapshot: isSnapshot)
            guard let observation else { return nil }
            return SchemaAnnouncement(
                database: database, schema: schema, table: table, from: observation.from, to: observation.to,
                observation.difference)
        } catch {
            warn(
                "whether the schema of \(schema).\(table) changed could not be read or kept, so that no change is announced: \(error)"
            )
            return nil
        }
    }

    private func owner(of database: String) -> String { vendor ?? "local.\(SchemaName.part(from: database))" }

    private func name(database: String, schema: String, table: String, _ signature: TableSignature) -> SchemaName {
        for (index, memory) in [versions, volatileVersions].enumerated() {
            do {
                return try memory.name(
                    vendor: owner(of: database), database: database, schema: schema, table: table, signature: signature)
            } catch {
                if index == 0 {
                    warn(
                        "the schema version of \(schema).\(table) could not be read or kept, and may start again after a restart: \(error)"
                    )
                }
            }
        }
        // The vendor's and the name's parts are made for the grammar, and memory does not fail.
        preconditionFailure("no schema name for a table")
    }

    private func validator(_ name: SchemaName, _ text: String, table: String) -> PayloadValidator? {
        do throws(SchemaError) {
            return try PayloadValidator(schema: name, compiling: text, options: SchemaDerivation.options)
        } catch {
            warn("rows of \(table) are not checked, as their derived schema \(name) does not compile: \(error)")
            return nil
        }
    }

    /// The contract's validator, and whether there is no need to ask again.
    private func contract(for derived: SchemaName, table: String) -> (validator: PayloadValidator?, isSettled: Bool) {
        guard let contracts else { return (nil, true) }
        do throws(SchemaError) {
            guard let name = try contracts.latest(vendor: derived.vendor, name: derived.name) else {
                return (nil, true)
            }
            switch contracts.validator(for: name) {
            case .found(let validator): return (validator, true)
            case .missing: return (nil, true)
            case .refused(let error):
                warn("the contract \(name) is not applied to \(table): \(error); mend it and purge the schema cache")
                return (nil, false)
            case .unavailable(let error): throw error
            }
        } catch {
            warn("whether \(table) has a contract is unknown, as the schema registry does not answer: \(error)")
            return (nil, false)
        }
    }
}
