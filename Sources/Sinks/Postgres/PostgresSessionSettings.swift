/// What a session with a server that speaks Postgres's protocol needs to know.
struct PostgresSessionSettings: Sendable {
    /// The sink's name, for `application_name`.
    var name: String
    /// A libpq connection string or URI. May hold a password: never put into messages.
    var url: String
    /// Bound of one attempt to connect, per address.
    var connectTimeout: Duration
    /// Bound of one statement, on this side; the server's own is part of ``preparation``.
    var statementTimeout: Duration
    /// Statements that pin what text input and waiting depend on, run before any other.
    var preparation: String
}

extension PostgresSinkSettings {
    /// `ALTER ROLE … SET` may have said otherwise. The few staged rows of a merge are looked up in the target by its key: without
    /// hash and merge joins no statistics can make that a scan of the target.
    var session: PostgresSessionSettings {
        let statement = statementTimeout.milliseconds
        let preparation = """
            SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET lc_monetary = 'C'; \
            SET xmloption = 'content'; SET standard_conforming_strings = on; SET array_nulls = on; \
            SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off; \
            SET statement_timeout = \(statement); SET lock_timeout = \(lockTimeout.milliseconds); \
            SET idle_in_transaction_session_timeout = \(statement * 2); \
            SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; \
            SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3
            """
        return PostgresSessionSettings(
            name: name, url: url, connectTimeout: connectTimeout, statementTimeout: statementTimeout,
            preparation: preparation)
    }
}
