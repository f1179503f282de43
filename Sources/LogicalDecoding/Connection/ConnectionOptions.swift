import CLibPQ

/// How to reach a database: libpq's keywords, read from the configured URL or connection string, with everything pinned that
/// decides how values are written.
package struct ConnectionOptions: Sendable {
    /// What a connection is for; it decides on time limits.
    package enum Role: Sendable {
        /// Streams changes: walsender, no time limits of its own.
        case replication
        /// Reads the tables of a snapshot: no time limits.
        case snapshot
        /// Short questions beside the stream.
        case side
    }

    /// Keyword and value, as libpq takes them.
    let parameters: [(keyword: String, value: String)]
    /// What must not appear in any message.
    let secrets: [String]
    /// `user@host:port/database`, for messages.
    package let label: String

    /// Settings that the text of values depends on. They would else be inherited from ALTER ROLE and ALTER DATABASE, and the
    /// same row would be written in different ways. `search_path`: names in row filters are written out in full.
    static let pinned: [(name: String, value: String)] = [
        ("datestyle", "ISO"), ("intervalstyle", "postgres"), ("extra_float_digits", "3"), ("timezone", "UTC"),
        ("bytea_output", "hex"), ("lc_monetary", "C"), ("xmlbinary", "base64"), ("standard_conforming_strings", "on"),
        ("client_min_messages", "warning"),
        ("search_path", "pg_catalog"), ("idle_in_transaction_session_timeout", "0"),
    ]

    /// Reads a `postgres://` URL or a string of `keyword=value`. `connectTimeout`: seconds, where the string has none.
    package init(url: String, role: Role, applicationName: String, connectTimeout: Int = 10) throws(SourceError) {
        var found = try Self.parse(url)
        secrets = ["password", "sslpassword"].compactMap { found[$0] }.filter { !$0.isEmpty }
        var flags = found["options"].map { [$0] } ?? []
        for (name, value) in Self.pinned { flags.append("-c \(name)=\(value)") }
        flags.append("-c statement_timeout=\(role == .side ? 10_000 : 0)")
        flags.append("-c lock_timeout=\(role == .side ? 5_000 : 0)")
        found["options"] = flags.joined(separator: " ")
        found["client_encoding"] = "UTF8"
        found["application_name"] = found["application_name"] ?? applicationName
        found["connect_timeout"] = found["connect_timeout"] ?? String(connectTimeout)
        found["keepalives"] = found["keepalives"] ?? "1"
        found["keepalives_idle"] = found["keepalives_idle"] ?? "30"
        found["keepalives_interval"] = found["keepalives_interval"] ?? "10"
        found["keepalives_count"] = found["keepalives_count"] ?? "3"
        found["tcp_user_timeout"] = found["tcp_user_timeout"] ?? "60000"
        found["replication"] = role == .replication ? "database" : nil
        let port = found["port"] ?? "5432"
        label =
            "\(found["user"].map { $0 + "@" } ?? "")\(found["host"] ?? "localhost"):\(port)/\(found["dbname"] ?? "")"
        parameters = found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The keywords that a connection string sets.
    private static func parse(_ url: String) throws(SourceError) -> [String: String] {
        var problem: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &problem) else {
            // libpq quotes parts of the string, which may be a password that is written in a wrong way.
            if let problem { PQfreemem(problem) }
            throw SourceError(
                .badConnectionString,
                "cannot read the connection string \(SecretMask.maskConnectionStrings(url).prefix { $0 != "?" }): "
                    + "write postgres://user:password@host:port/database, with special characters percent-encoded")
        }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return found
    }
}
