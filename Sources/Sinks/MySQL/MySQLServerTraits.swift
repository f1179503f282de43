/// What one server does in its own way.
struct MySQLServerTraits: Sendable {
    /// Bytes of a statement.
    var mostPacket = 1 << 20
    /// Whether `Orders` and `orders` are two tables.
    var distinguishesTableCase = true
    /// A collation that compares bytes, trailing blanks too, as Postgres compares texts.
    var collation = "utf8mb4_bin"
    /// Tables of these engines take no part in transactions.
    static let enginesWithoutTransactions: Set<String> = [
        "myisam", "mrg_myisam", "aria", "memory", "csv", "archive", "blackhole", "federated",
    ]

    init() {}

    init(of connection: MySQLConnection) throws(MySQLFailure) {
        let variables = try connection.texts("SELECT @@max_allowed_packet, @@lower_case_table_names").first ?? []
        if variables.count == 2 {
            mostPacket = variables[0].flatMap { Int($0) } ?? mostPacket
            distinguishesTableCase = variables[1] == "0"
        }
        // MySQL's, and MariaDB's; where there is neither, `'a'` and `'a '` are one key.
        do throws(MySQLFailure) {
            let known = try connection.texts(
                """
                SELECT COLLATION_NAME FROM information_schema.COLLATIONS
                WHERE COLLATION_NAME IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin')
                """)
            if let name = known.first?.first, let name { collation = name }
        } catch {
            // Servers that only speak the protocol may have no such table.
            guard connection.isUsable else { throw error }
        }
    }
}
