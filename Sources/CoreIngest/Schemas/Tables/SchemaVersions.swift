import Synchronization

/// Remembers which name each table's schema has, which version each shape of it got, and where it went from one to the next,
/// so that all is the same after a restart. Any thread.
///
/// A table's identity is `["DATABASE","SCHEMA","TABLE"]`. State, under `schemas/name/VENDOR/NAME`: the identity of the table
/// that has the name; under `schemas/table/IDENTITY`: its ``SchemaHistory``.
package final class SchemaVersions: Sendable {
    /// Where the memory is kept. Writing is durable on return.
    package struct Storage: Sendable {
        package var read: @Sendable (_ key: String) throws -> [UInt8]?
        package var write: @Sendable (_ key: String, _ value: [UInt8]) throws -> Void

        package init(
            read: @escaping @Sendable (_ key: String) throws -> [UInt8]?,
            write: @escaping @Sendable (_ key: String, _ value: [UInt8]) throws -> Void
        ) {
            self.read = read
            self.write = write
        }

        /// Forgets with the process: for tests and one-off commands.
        package static func inMemory() -> Storage {
            final class Memory: Sendable { let values = Mutex<[ExactText: [UInt8]]>([:]) }
            let memory = Memory()
            return Storage(
                read: { key in memory.values.withLock { $0[ExactText(key)] } },
                write: { key, value in memory.values.withLock { $0[ExactText(key)] = value } })
        }
    }

    private let storage: Storage
    private let lock = Mutex<Void>(())

    package init(_ storage: Storage) { self.storage = storage }

    /// The name and version of a table's schema in its present shape. A shape that the table had before gets the version it had
    /// then; a new one the next version after the latest, by what changed. With it, why its rows are not delivered, where the
    /// policy does not allow the change. Throws what the storage throws.
    package func name(
        vendor: String, database: String, schema: String, table: String, signature: TableSignature,
        policy: SchemaPolicy = SchemaPolicy()
    ) throws -> (name: SchemaName, hold: SchemaHold?) {
        try change(vendor, database, schema, table) { history throws in
            let version = history.version(of: signature)
            let name = try Self.name(vendor, history, version)
            guard let refusal = history.refusal(of: version, by: policy) else { return (name, nil) }
            let hold = SchemaHold(
                policy.action(for: refusal.change), refusal.change,
                table: schema.isEmpty ? table : "\(schema).\(table)",
                from: try Self.name(vendor, history, refusal.from), to: name)
            return (name, hold)
        }
    }

    /// Lets rows of a schema pass from the next start on. False when no table has, or had, this schema. Throws what the storage throws.
    package func approve(_ name: SchemaName) throws -> Bool {
        try lock.withLock { _ in
            guard let owner = try storage.read("schemas/name/\(name.vendor)/\(name.name)") else { return false }
            let key = "schemas/table/\(String(decoding: owner, as: UTF8.self))"
            guard let known = try storage.read(key).flatMap({ SchemaHistory($0) }) else { return false }
            var history = known
            guard history.approve(name.version) else { return false }
            if history != known { try storage.write(key, history.bytes) }
            return true
        }
    }

    /// What an event at a position announces of its table.
    struct Observation {
        var from: SchemaName
        var to: SchemaName
        var difference: SchemaDifference
        /// A snapshot's, which is announced again with each that starts over.
        var move: SchemaHistory.Move
    }

    /// The event at `position` is the first that a decoder has for this shape of the table: answers what is to be announced
    /// before it, the same again whenever the same event comes again. Throws what the storage throws.
    func observe(
        vendor: String, database: String, schema: String, table: String, signature: TableSignature,
        at position: Position, of source: SourceIdentity, isSnapshot: Bool
    ) throws -> Observation? {
        try change(vendor, database, schema, table) { history throws in
            let version = history.version(of: signature)
            guard
                let move = history.observe(
                    version, at: position, of: "\(source.systemIdentifier)/\(source.generation)", isSnapshot: isSnapshot
                ),
                let difference = history.difference(of: move)
            else { return nil }
            return Observation(
                from: try Self.name(vendor, history, move.from), to: try Self.name(vendor, history, move.to),
                difference: difference, move: move)
        }
    }

    /// Lets a table's memory be asked, and keeps it where that changed it.
    private func change<Answer>(
        _ vendor: String, _ database: String, _ schema: String, _ table: String,
        _ ask: (inout SchemaHistory) throws -> Answer
    ) throws -> Answer {
        try lock.withLock { _ in
            let identity = Self.identity(database, schema, table)
            let key = "schemas/table/\(identity)"
            let known = try storage.read(key).flatMap { SchemaHistory($0) }
            var history: SchemaHistory
            if let known {
                history = known
            } else {
                history = SchemaHistory(
                    name: try claimName(vendor, schema: schema, table: table, identity: identity))
            }
            let answer = try ask(&history)
            if history != known { try storage.write(key, history.bytes) }
            return answer
        }
    }

    private static func name(
        _ vendor: String, _ history: SchemaHistory, _ version: SchemaVersion
    ) throws(SchemaError) -> SchemaName {
        guard let name = SchemaName(vendor: vendor, name: history.name, version: version) else {
            throw SchemaError(
                .malformed, "'\(vendor)' is no vendor of a schema; use letters, digits, '-', '_' and single dots")
        }
        return name
    }

    /// The first table that asks for a name has it; another whose name comes to the same gets a hash of its own name behind it.
    private func claimName(_ vendor: String, schema: String, table: String, identity: String) throws -> String {
        let plain = SchemaName.part(from: schema == "public" || schema.isEmpty ? table : "\(schema)_\(table)")
        let owner = Array(identity.utf8)
        let key = "schemas/name/\(vendor)/\(plain)"
        guard let holder = try storage.read(key) else {
            try storage.write(key, owner)
            return plain
        }
        if holder == owner { return plain }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in owner { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var arena = ByteArena(capacity: 16)
        arena.append(hex: hash, digits: 16)
        return "\(plain)_\(String(decoding: arena.bytes.prefix(8), as: UTF8.self))"
    }

    /// As a JSON array, so that no two tables share one, whatever is in their names.
    private static func identity(_ database: String, _ schema: String, _ table: String) -> String {
        var arena = ByteArena(capacity: 128)
        arena.append(UInt8(ascii: "["))
        arena.appendJSONString(text: database)
        arena.append(UInt8(ascii: ","))
        arena.appendJSONString(text: schema)
        arena.append(UInt8(ascii: ","))
        arena.appendJSONString(text: table)
        arena.append(UInt8(ascii: "]"))
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}
