import CoreIngest
import Registries

/// `type: postgres`.
struct PostgresRegistryConfiguration: RegistryBackend {
    /// Holds a password: never log it.
    private let url: String
    private let table: String
    private let timeout: Duration

    private enum Keys {
        static let url = Key<String>.text(
            "url", "Connection to the database, as a postgres:// URL or libpq's key=value string.", .required,
            secrecy: .connection, example: "postgres://buz:${BUZ_REGISTRY_PASSWORD:-}@schemas:5432/schemas")
        static let table = Key<String>.text(
            "table", "The table, as NAME or SCHEMA.NAME; publishing makes it when it is missing.",
            .defaulted("buz_schemas"), rule: tableName)

        private static let tableName = TextRule(
            description: "NAME or SCHEMA.NAME, each of 1 to 63 letters, digits and '_'",
            pattern: "^[A-Za-z0-9_]{1,63}(\\.[A-Za-z0-9_]{1,63})?$"
        ) { text in
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            return (1...2).contains(parts.count)
                && parts.allSatisfy { part in
                    (1...63).contains(part.utf8.count)
                        && part.utf8.allSatisfy { TextRule.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
                }
        }
    }

    static let type = "postgres"
    static let doc = "A table of Postgres."
    static let keys = [Keys.url.specification, Keys.table.specification, RegistryHTTP.timeout.specification]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        table = section[Keys.table]
        timeout = section[RegistryHTTP.timeout]
    }

    func registry() -> any SchemaRegistry { TableRegistry(url: url, table: table, timeout: timeout) }
}
