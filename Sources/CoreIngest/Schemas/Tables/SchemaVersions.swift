import Synchronization

/// Remembers which name each table's schema has, and which version each shape of it got, so that both are the same after a
/// restart. Any thread.
///
/// A table's identity is `["DATABASE","SCHEMA","TABLE"]`. State, under `schemas/name/VENDOR/NAME`: the identity of the table
/// that has the name; under `schemas/table/IDENTITY`:
/// `{"name":…,"versions":[{"version":"1-0-0","columns":[{"name","nullable","family","sizes":[…],"labels":[…]}]}]}`, oldest first.
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

    /// One table's memory.
    struct History: Equatable {
        struct Entry: Equatable {
            var version: SchemaVersion
            var columns: [ColumnSignature]
        }
        var name: String
        var entries: [Entry]
    }

    private let storage: Storage
    private let lock = Mutex<Void>(())

    package init(_ storage: Storage) { self.storage = storage }

    /// The name and version of a table's schema in its present shape. A shape that the table had before gets the version it had
    /// then; a new one the next version after the latest, by what changed. Throws what the storage throws.
    package func name(
        vendor: String, database: String, schema: String, table: String, columns: [StreamDescriptor.Column]
    ) throws -> SchemaName {
        try lock.withLock { _ in
            let identity = Self.identity(database, schema, table)
            let key = "schemas/table/\(identity)"
            let signatures = columns.map { ColumnSignature($0) }
            var history = try storage.read(key).flatMap { Self.history(of: $0) }
            if history == nil {
                history = History(
                    name: try claimName(vendor, schema: schema, table: table, identity: identity), entries: [])
            }
            var known = history ?? History(name: SchemaName.part(from: table), entries: [])
            let version: SchemaVersion
            if let entry = known.entries.last(where: { $0.columns == signatures }) {
                version = entry.version
            } else {
                version =
                    known.entries.last.map { $0.version.raised(by: .between($0.columns, signatures)) }
                    ?? SchemaVersion.first
                known.entries.append(History.Entry(version: version, columns: signatures))
                try storage.write(key, Self.bytes(of: known))
            }
            guard let name = SchemaName(vendor: vendor, name: known.name, version: version) else {
                throw SchemaError(
                    .malformed, "'\(vendor)' is no vendor of a schema; use letters, digits, '-', '_' and single dots")
            }
            return name
        }
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

    // MARK: Text

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

    static func bytes(of history: History) -> [UInt8] {
        var arena = ByteArena(capacity: 1024)
        arena.append("{\"name\":")
        arena.appendJSONString(text: history.name)
        arena.append(",\"versions\":[")
        for (index, entry) in history.entries.enumerated() {
            arena.append(index == 0 ? "{\"version\":\"" : ",{\"version\":\"")
            arena.append(text: entry.version.description)
            arena.append("\",\"columns\":[")
            for (index, column) in entry.columns.enumerated() {
                arena.append(index == 0 ? "{\"name\":" : ",{\"name\":")
                arena.appendJSONString(text: column.name)
                arena.append(column.isNullable ? ",\"nullable\":true,\"family\":" : ",\"nullable\":false,\"family\":")
                arena.appendJSONString(text: column.family)
                arena.append(",\"sizes\":[")
                arena.append(text: column.sizes.map(String.init).joined(separator: ","))
                arena.append("],\"labels\":[")
                for (index, label) in column.labels.enumerated() {
                    if index > 0 { arena.append(UInt8(ascii: ",")) }
                    arena.appendJSONString(text: label)
                }
                arena.append("]}")
            }
            arena.append("]}")
        }
        arena.append("]}")
        return Array(arena.bytes)
    }

    /// Nil for bytes that this did not write.
    static func history(of bytes: [UInt8]) -> History? {
        guard let document = try? bytes.withUnsafeBytes({ try JSONDocument($0) }) else { return nil }
        let view = document.view
        guard let name = view.member(0, named: "name").flatMap({ view.string($0) }),
            let versions = view.member(0, named: "versions")
        else { return nil }
        var history = History(name: name, entries: [])
        for entry in view.elements(versions) {
            guard let text = view.member(entry, named: "version").flatMap({ view.string($0) }),
                let version = SchemaVersion(parsing: text), let columns = view.member(entry, named: "columns")
            else { return nil }
            let signatures = view.elements(columns).compactMap { signature(view, $0) }
            history.entries.append(History.Entry(version: version, columns: signatures))
        }
        return history
    }

    private static func signature(_ view: JSONView, _ column: Int) -> ColumnSignature? {
        guard let name = view.member(column, named: "name").flatMap({ view.string($0) }),
            let nullable = view.member(column, named: "nullable").flatMap({ view.boolean($0) }),
            let family = view.member(column, named: "family").flatMap({ view.string($0) }),
            let sizes = view.member(column, named: "sizes"), let labels = view.member(column, named: "labels")
        else { return nil }
        return ColumnSignature(
            name: name, isNullable: nullable, family: family,
            sizes: view.elements(sizes).compactMap { view.integer($0) },
            labels: view.elements(labels).compactMap { view.string($0) })
    }
}
