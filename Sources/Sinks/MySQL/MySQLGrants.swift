package import CoreIngest

/// What a user may do in the database, found by statements that have no effect: servers look at the grants, roles included, before they look
/// whether a table is there.
struct MySQLGrants {
    /// What the sink does to tables.
    enum Right: String, CaseIterable, Sendable {
        case select = "SELECT"
        case insert = "INSERT"
        case update = "UPDATE"
        case delete = "DELETE"
        case create = "CREATE"
        case alter = "ALTER"
        case drop = "DROP"
    }

    /// Errors that say no.
    private static let denials: Set<UInt32> = [1044, 1142, 1143, 1227, 1370]
    /// No table has this name.
    private static let nowhere = "buz_cdc_no_such_table"

    let connection: MySQLConnection

    /// Those of the rights that are not granted for the tables to come. Throws where the session is lost.
    func missing(_ rights: [Right]) throws(MySQLFailure) -> [Right] {
        var missing: [Right] = []
        for right in rights where try isDenied(Self.question(right, of: Self.nowhere)) { missing.append(right) }
        return missing
    }

    /// Whether the positions may be read and written, be it by grants on that table alone.
    func canKeepPositions() throws(MySQLFailure) -> Bool {
        let table = MySQLPositions.table
        for question in [
            "UPDATE \(table) SET sink = sink WHERE FALSE", "INSERT INTO \(table) SELECT * FROM \(table) WHERE FALSE",
        ] where try isDenied(question) { return false }
        return true
    }

    private static func question(_ right: Right, of table: String) -> String {
        switch right {
        case .select: "SELECT * FROM \(table)"
        case .insert: "INSERT INTO \(table) VALUES (1)"
        case .update: "UPDATE \(table) SET a = 1"
        case .delete: "DELETE FROM \(table)"
        case .create: "CREATE TABLE \(table) LIKE \(table)_either"
        case .alter: "ALTER TABLE \(table) ADD COLUMN a INT"
        case .drop: "DROP TABLE \(table)"
        }
    }

    private func isDenied(_ question: String) throws(MySQLFailure) -> Bool {
        do throws(MySQLFailure) {
            try connection.run(question)
            return false
        } catch {
            guard connection.isUsable else { throw error }
            return Self.denials.contains(error.code)
        }
    }
}

extension MySQLSink: InspectedSink {
    package func inspect() async -> [SinkFinding] {
        guard let address = try? MySQLAddress(settings.url), let connection = try? MySQLConnection(settings) else {
            return []
        }
        let grants = MySQLGrants(connection: connection)
        let all = MySQLGrants.Right.allCases
        let needed = settings.mode == .mirror ? all : [.select, .insert, .update, .create]
        guard let missing = try? grants.missing(needed), !missing.isEmpty, let keeps = try? grants.canKeepPositions()
        else { return [] }
        func finding(_ severity: SinkFinding.Severity, _ rights: [MySQLGrants.Right], _ sense: String) -> SinkFinding? {
            if rights.isEmpty { return nil }
            let list = rights.map(\.rawValue).joined(separator: ", ")
            return SinkFinding(
                severity, "grants", "\(address.user) may not \(list) in \(address.database)\(sense)",
                remedy: "GRANT \(list) ON \(mysqlIdentifier(address.database)).* TO the user")
        }
        // Somebody may have granted table by table.
        let isSingle = keeps && missing.contains(.insert) && missing.contains(.update)
        let rows = missing.filter { [.select, .insert, .update, .delete].contains($0) }
        let tables = missing.filter { [.create, .alter].contains($0) }
        return [
            finding(isSingle ? .warning : .error, rows, isSingle ? ", but for single tables" : ""),
            finding(.warning, tables, ": tables must be made, and changed, by somebody else"),
            finding(.warning, missing.filter { $0 == .drop }, ": mirrors are emptied by DELETE, which is slower"),
        ].compactMap { $0 }
    }
}
