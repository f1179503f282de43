import Synchronization

/// Makes the stream descriptors of an input's tables: derives each table's schema, gives it its version, and finds what its rows are
/// checked against. A derived schema says what the server has checked already, so that rows without a contract are not checked again.
/// Any thread; asked when a table is first seen or has changed, never per event.
///
/// A contract takes the place of the derived schema: when the registry has a version of `iglu:VENDOR/NAME/jsonschema/…` that was not
/// published from here, rows are checked against the latest such, and events carry its name. It is looked up when a table's shape is
/// first announced, and by ``refresh(onlyUnsettled:)`` ever after.
package final class SchemaCatalog: Sendable {
    struct Contract {
        var validator: PayloadValidator
        var text: [UInt8]
    }

    private struct Table {
        var comment: String?
        var derived: SchemaName
        var contract: Contract?
        /// Whether the registry has said what it has.
        var isSettled: Bool
        /// Why it is not known whether there is a contract, where none is in force: rows are set aside until then.
        var problem: SchemaError?
        var descriptor: StreamDescriptor
    }

    private struct State {
        /// By database, schema and table.
        var tables: [[ExactText]: Table] = [:]
        /// Texts of derived schemas.
        var texts: [SchemaName: String] = [:]
        /// The last warning about a table's contract, which is not repeated.
        var warnings: [[ExactText]: String] = [:]
    }

    private let vendor: String?
    private let policy: SchemaPolicy
    private let versions: SchemaVersions
    /// Takes the place of `versions` when their storage fails.
    private let volatileVersions = SchemaVersions(.inMemory())
    let contracts: SchemaCache?
    private let publisher: SchemaPublisher?
    private let notice: @Sendable (String) -> Void
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let changes = Atomic<UInt64>(0)

    /// - `vendor`: of derived schemas; nil for `local.DATABASE`.
    /// - `policy`: which changes of a table's schema are not delivered.
    /// - `publisher`: gets each derived schema.
    /// - `notice`: gets one line for the log when a contract comes into force or goes.
    /// - `warn`: when a contract cannot be used or the versions cannot be kept.
    package init(
        vendor: String?, policy: SchemaPolicy = SchemaPolicy(), versions: SchemaVersions, contracts: SchemaCache? = nil,
        publisher: SchemaPublisher? = nil,
        notice: @escaping @Sendable (String) -> Void = { _ in }, warn: @escaping @Sendable (String) -> Void
    ) throws(SchemaError) {
        if let vendor, SchemaName(vendor: vendor, name: "x", version: .first) == nil {
            throw SchemaError(
                .malformed,
                "'\(vendor)' is no vendor of a schema; use letters, digits, '-', '_' and single dots, as in com.acme.shop"
            )
        }
        self.vendor = vendor
        self.policy = policy
        self.versions = versions
        self.contracts = contracts
        self.publisher = publisher
        self.notice = notice
        self.warn = warn
    }

    /// The descriptor of a table. The same object as before while nothing about the table or its contract has changed.
    package func stream(
        database: String, schema: String, table: String, comment: String? = nil, columns: [StreamDescriptor.Column],
        keyColumns: [Int]
    ) -> StreamDescriptor {
        let key = [database, schema, table].map { ExactText($0) }
        let known = state.withLock { $0.tables[key] }
        if let known, known.descriptor.columns == columns, known.descriptor.keyColumns == keyColumns,
            known.comment == comment
        {
            return known.descriptor
        }
        let qualified = schema.isEmpty ? table : "\(schema).\(table)"
        let signature = TableSignature(columns: columns, keyColumns: keyColumns)
        let (derived, hold) = name(database: database, schema: schema, table: table, signature)
        func text(isPublished: Bool) -> String {
            SchemaDerivation.text(
                derived, columns: columns, comment: comment, qualifiedName: qualified, isPublished: isPublished)
        }
        let own = text(isPublished: false)
        let found = patientContract(for: derived, inForce: known?.contract, key: key)
        let descriptor = StreamDescriptor(
            database: database, schemaName: schema, table: table, columns: columns, keyColumns: keyColumns,
            schema: found.contract?.validator.schema ?? derived,
            validator: found.contract?.validator,
            renewal: contracts == nil ? nil : TableStreamRenewal(self, key), hold: hold)
        let isNew = state.withLock { state in
            state.tables[key] = Table(
                comment: comment, derived: derived, contract: found.contract,
                isSettled: found.isSettled, problem: found.problem, descriptor: descriptor)
            return state.texts.updateValue(own, forKey: derived) == nil
        }
        if let hold, hold.action == .deadLetter { warn(hold.message) }
        if isNew { publisher?.offer(Array(text(isPublished: true).utf8), as: derived) }
        return descriptor
    }

    // MARK: Contracts

    /// Rises whenever a descriptor took the place of another without a change of its table: ask for all of them again then.
    package var revision: UInt64 { changes.load(ordering: .acquiring) }

    /// Looks for the tables' contracts in the registry, and puts them into force. Waits for it as the cache does.
    /// `onlyUnsettled`: those for which it has not answered yet.
    package func refresh(onlyUnsettled: Bool = false) {
        guard contracts != nil else { return }
        let tables = state.withLock { $0.tables.filter { !onlyUnsettled || !$0.value.isSettled } }
        for (key, table) in tables {
            let found = contract(for: table.derived, inForce: table.contract, key: key, afresh: !onlyUnsettled)
            let isSame =
                found.contract?.text == table.contract?.text
                && found.contract?.validator.schema == table.contract?.validator.schema
            let old = table.descriptor
            let descriptor =
                isSame
                ? old
                : StreamDescriptor(
                    database: old.database, schemaName: old.schemaName, table: old.table, columns: old.columns,
                    keyColumns: old.keyColumns, schema: found.contract?.validator.schema ?? table.derived,
                    validator: found.contract?.validator, renewal: old.renewal, hold: old.hold)
            let isPut = state.withLock { state in
                // A table that changed meanwhile has been asked for.
                guard let now = state.tables[key], now.descriptor === old else { return false }
                state.tables[key]?.isSettled = found.isSettled
                state.tables[key]?.problem = found.problem
                if isSame { return false }
                state.tables[key]?.contract = found.contract
                state.tables[key]?.descriptor = descriptor
                return true
            }
            guard isPut else { continue }
            changes.add(1, ordering: .acquiringAndReleasing)
            if let contract = found.contract {
                notice(
                    "rows of \(old.qualifiedName) are checked against the contract \(contract.validator.schema) from now on"
                )
            } else {
                notice(
                    "rows of \(old.qualifiedName) are bound by no contract any more; their schema is \(table.derived)")
            }
        }
    }

    /// The text of a derived schema; nil for one that this catalog did not derive.
    package func text(of name: SchemaName) -> String? { state.withLock { $0.texts[name] } }

    /// The schemas derived since the start.
    package var derivedNames: [SchemaName] {
        state.withLock { $0.texts.keys.sorted { $0.description < $1.description } }
    }

    /// What is wrong with the contracts of tables, one line each.
    package var contractProblems: [String] { state.withLock { Array($0.warnings.values) } }

    /// The contract, and whether there is no need to ask again soon. What is in force stays so while the registry has nothing that can
    /// be used, or does not answer.
    private func contract(
        for derived: SchemaName, inForce: Contract?, key: [ExactText], afresh: Bool
    ) -> (contract: Contract?, isSettled: Bool, problem: SchemaError?) {
        guard let contracts else { return (nil, true, nil) }
        let table = key.dropFirst().map(\.wrappedValue).filter { !$0.isEmpty }.joined(separator: ".")
        do throws(SchemaError) {
            let found = try contracts.contract(vendor: derived.vendor, name: derived.name, afresh: afresh)
            switch found?.answer {
            case nil, .missing:
                warnOnce(nil, key)
                return (nil, true, nil)
            case .found(let validator):
                warnOnce(nil, key)
                if let inForce, inForce.text == validator.text, inForce.validator.schema == validator.schema {
                    return (inForce, true, nil)
                }
                return (Contract(validator: validator, text: validator.text), true, nil)
            case .refused(let error):
                let name = found?.name ?? derived
                warnOnce("the contract \(name) is not applied to \(table): \(error); mend it", key)
                return (inForce, true, nil)
            case .unavailable(let error): throw error
            }
        } catch {
            warnOnce(
                "whether \(table) has a contract is unknown, as the schema registry does not answer: \(error)", key)
            return (inForce, false, inForce == nil ? error : nil)
        }
    }

    /// As ``contract(for:inForce:key:)``, and waits out a short trouble of the registry, once for each of them.
    private func patientContract(
        for derived: SchemaName, inForce: Contract?, key: [ExactText]
    ) -> (contract: Contract?, isSettled: Bool, problem: SchemaError?) {
        var attempts = 0
        while true {
            let found = contract(for: derived, inForce: inForce, key: key, afresh: false)
            attempts += 1
            guard found.problem != nil, contracts?.isWorthWaiting(attempts) == true else { return found }
        }
    }

    /// What a batch with an earlier descriptor of a table is to be checked against now.
    func state(of stream: StreamDescriptor, _ key: [ExactText]) -> StreamState {
        guard let table = state.withLock({ $0.tables[key] }) else { return .current(stream) }
        if let problem = table.problem { return .unavailable(problem) }
        // Of another shape: a batch from before a change of the table, or after one.
        let isSame =
            table.descriptor === stream
            || (table.descriptor.columns == stream.columns && table.descriptor.keyColumns == stream.keyColumns)
        return .current(isSame ? table.descriptor : stream)
    }

    private func warnOnce(_ line: String?, _ key: [ExactText]) {
        let isNews = state.withLock { state in
            defer { state.warnings[key] = line }
            return line != nil && state.warnings[key] != line
        }
        if isNews, let line { warn(line) }
    }

    // MARK: Versions

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

    private func name(
        database: String, schema: String, table: String, _ signature: TableSignature
    ) -> (SchemaName, SchemaHold?) {
        var hold: SchemaHold?
        for (index, memory) in [versions, volatileVersions].enumerated() {
            do {
                let found = try memory.name(
                    vendor: owner(of: database), database: database, schema: schema, table: table,
                    signature: signature, policy: policy)
                return (found.name, hold ?? found.hold)
            } catch {
                if index == 0 {
                    if policy.strictest != .allow {
                        hold = SchemaHold(policy.strictest, table: "\(schema).\(table)", unknown: error)
                    }
                    warn(
                        "the schema version of \(schema).\(table) could not be read or kept, and may start again after a restart: \(error)"
                    )
                }
            }
        }
        // The vendor's and the name's parts are made for the grammar, and memory does not fail.
        preconditionFailure("no schema name for a table")
    }
}
