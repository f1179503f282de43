package import CoreIngest
import Synchronization

/// A registry in a table of Postgres: `vendor, name, format, version, schema`. The first publishing makes the table; one that is
/// missing holds none. One connection, used by one caller at a time.
package final class TableRegistry: WritableSchemaRegistry {
    private let url: String
    /// Quoted, with its schema.
    private let table: String
    private let schema: String?
    private let timeout: Duration
    private let session = Mutex<RegistrySession?>(nil)

    /// `table`: `name` or `schema.name`.
    package init(url: String, table: String, timeout: Duration) {
        self.url = url
        self.timeout = timeout
        let parts = table.split(separator: ".").map { Self.quoted(String($0)) }
        self.table = parts.joined(separator: ".")
        schema = parts.count == 2 ? parts[0] : nil
    }

    package var description: String { "the table \(table) of Postgres" }

    private static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

    /// A text of more bytes is not fetched.
    private static let mostBytes = 4 << 20

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        let rows = try query(
            """
            SELECT CASE WHEN octet_length(schema::text) <= \(Self.mostBytes) THEN schema::text END \
            FROM \(table) WHERE vendor = $1 AND name = $2 AND format = $3 AND version = $4
            """,
            [name.vendor, name.name, name.format, "\(name.version)"])
        guard let row = rows?.first else { return nil }
        guard let text = row.first.flatMap({ $0 }) else {
            throw SchemaError(.tooLarge, "\(description) has \(name) as NULL or with more than \(Self.mostBytes) bytes")
        }
        return try RegistryRequests.checked(Array(text.utf8), as: name, from: description)
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        guard SchemaName(vendor: vendor, name: name, version: .first) != nil else { return [] }
        let rows = try query(
            "SELECT version FROM \(table) WHERE vendor = $1 AND name = $2 AND format = 'jsonschema' LIMIT 100000",
            [vendor, name])
        return (rows ?? []).compactMap { $0.first.flatMap { $0 }.flatMap { SchemaVersion(parsing: $0) } }
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        let rows = try query("SELECT vendor, name, format, version FROM \(table) LIMIT 100000", [])
        let names = (rows ?? []).compactMap { row -> SchemaName? in
            let parts = row.compactMap { $0 }
            guard parts.count == 4, let version = SchemaVersion(parsing: parts[3]) else { return nil }
            return SchemaName(vendor: parts[0], name: parts[1], format: parts[2], version: version)
        }
        return Array(names.sorted().prefix(most))
    }

    package func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        // Made only when it is missing: making needs more rights than writing, even of what is there.
        if try insert(text, as: name) == nil {
            try create()
            _ = try insert(text, as: name)
        }
        guard try isPublished(text, as: name) else { throw conflict(name) }
    }

    private func insert(_ text: [UInt8], as name: SchemaName) throws(SchemaError) -> [[String?]]? {
        try query(
            """
            INSERT INTO \(table) (vendor, name, format, version, schema) VALUES ($1, $2, $3, $4, $5::json) \
            ON CONFLICT DO NOTHING
            """,
            [name.vendor, name.name, name.format, "\(name.version)", String(decoding: text, as: UTF8.self)])
    }

    private func create() throws(SchemaError) {
        if let schema { _ = try query("CREATE SCHEMA IF NOT EXISTS \(schema)", []) }
        _ = try query(
            """
            CREATE TABLE IF NOT EXISTS \(table) (vendor text NOT NULL, name text NOT NULL, format text NOT NULL, \
            version text NOT NULL, schema json NOT NULL, published_at timestamptz NOT NULL DEFAULT now(), \
            PRIMARY KEY (vendor, name, format, version))
            """, [])
    }

    /// Rows of texts; nil when the table is not there. A lost connection is made anew, once.
    private func query(_ sql: String, _ parameters: [String]) throws(SchemaError) -> [[String?]]? {
        try session.withLock { session throws(SchemaError) in
            if let current = session, current.isUsable {
                do throws(RegistrySession.Failure) {
                    return try current.query(sql, parameters)
                } catch {
                    if current.isUsable { return try answer(to: error, of: sql) }
                }
            }
            session = nil
            let fresh = try RegistrySession(url, timeout: timeout)
            session = fresh
            do throws(RegistrySession.Failure) {
                return try fresh.query(sql, parameters)
            } catch {
                return try answer(to: error, of: sql)
            }
        }
    }

    /// What Postgres's refusal means.
    private func answer(to failure: RegistrySession.Failure, of sql: String) throws(SchemaError) -> [[String?]]? {
        let isRead = sql.hasPrefix("SELECT")
        switch failure.state {
        // undefined_table, invalid_schema_name
        case "42P01", "3F000": return nil
        // unique_violation, duplicate_table: two that create the same at once; one of them is refused, and finds it there.
        case "23505" where sql.hasPrefix("CREATE"), "42P07": return []
        // insufficient_privilege, read_only_sql_transaction
        case "42501" where !isRead, "25006" where !isRead:
            throw SchemaError(.denied, "\(description) cannot be written: \(failure.message)")
        default: throw SchemaError(.unavailable, "\(description) cannot be used: \(failure.message)")
        }
    }
}
