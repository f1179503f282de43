/// Settings of the server that matter to reading it.
struct ServerFacts: Sendable, Equatable {
    /// 150020 for 15.20.
    var version: Int
    /// As `pg_settings.setting` has them: plain numbers in the setting's unit. A setting that the version lacks is absent.
    var settings: [String: String]
    var slots: Int
    var senders: Int
    var isInRecovery: Bool

    static let names = [
        "server_version", "wal_level", "max_replication_slots", "max_wal_senders", "wal_sender_timeout",
        "max_slot_wal_keep_size", "idle_replication_slot_timeout", "output_plugin_libraries", "server_encoding",
    ]

    init(version: Int, settings: [String: String], slots: Int = 0, senders: Int = 0, isInRecovery: Bool = false) {
        self.version = version
        self.settings = settings
        self.slots = slots
        self.senders = senders
        self.isInRecovery = isInRecovery
    }

    init(asking side: borrowing PostgresConnection) throws(SourceError) {
        let list = Self.names.map { SQLText.literal($0) }.joined(separator: ", ")
        var found: [String: String] = [:]
        for row in try side.query("SELECT name, setting FROM pg_settings WHERE name IN (\(list))") {
            if let name = row.first ?? nil, row.count > 1 { found[name] = row[1] ?? "" }
        }
        let counts = try side.query(
            """
            SELECT (SELECT count(*) FROM pg_replication_slots),
              (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'), pg_is_in_recovery()
            """)
        let row = counts.first ?? []
        self.init(
            version: side.serverVersion, settings: found, slots: row.first.flatMap { $0 }.flatMap { Int($0) } ?? 0,
            senders: row.count > 1 ? row[1].flatMap { Int($0) } ?? 0 : 0, isInRecovery: row.count > 2 && row[2] == "t")
    }

    func number(_ name: String) -> Int? { settings[name].flatMap { Int($0) } }
}

extension Preflight {
    static func serverFindings(_ facts: ServerFacts) -> [PreflightFinding] {
        var findings: [PreflightFinding] = []
        func add(_ severity: PreflightFinding.Severity, _ topic: String, _ message: String, _ remedy: String = "") {
            findings.append(PreflightFinding(severity, topic, message, remedy: remedy))
        }
        let version = facts.settings["server_version"] ?? "\(facts.version / 10_000)"
        if facts.version < 140_000 {
            add(.error, "server", "Postgres \(version)", "14 or later is needed: upgrade the server")
        } else {
            add(.ok, "server", "Postgres \(version)")
        }
        let level = facts.settings["wal_level"] ?? "?"
        if level == "logical" {
            add(.ok, "wal_level", "logical")
        } else {
            add(.error, "wal_level", level, "ALTER SYSTEM SET wal_level = logical, then restart the server")
        }
        if facts.isInRecovery, facts.version < 160_000 {
            add(.error, "server", "a standby of version \(version) cannot decode", "connect to the primary")
        }
        for (name, used) in [("max_replication_slots", facts.slots), ("max_wal_senders", facts.senders)] {
            guard let limit = facts.number(name) else { continue }
            let message = "\(used) of \(limit) in use"
            if used >= limit {
                add(
                    .error, name, message,
                    "ALTER SYSTEM SET \(name) = \(limit + 5), then restart; or free what nobody needs")
            } else if limit - used == 1 {
                add(.warning, name, message, "only one is left: raise it before the next one is needed")
            } else {
                add(.ok, name, message)
            }
        }
        if let plugins = facts.settings["output_plugin_libraries"] {
            let listed = plugins.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\"" } }
            // Empty, or pgoutput's absence where the server lets it pass always, is decided by creating the slot.
            if listed.contains("pgoutput") || listed.contains("*") || listed.isEmpty {
                add(.ok, "output_plugin_libraries", plugins.isEmpty ? "not restricted for pgoutput" : plugins)
            } else {
                add(
                    .warning, "output_plugin_libraries", "pgoutput is not listed: \(plugins)",
                    "add pgoutput to output_plugin_libraries if creating the slot is refused")
            }
        }
        findings += timeFindings(facts)
        if facts.settings["server_encoding"] == "SQL_ASCII" {
            add(
                .warning, "server_encoding", "SQL_ASCII: text may be in any encoding",
                "bytes that are not UTF-8 are replaced and marked; convert the database if they matter")
        }
        return findings
    }

    private static func timeFindings(_ facts: ServerFacts) -> [PreflightFinding] {
        var findings: [PreflightFinding] = []
        if let timeout = facts.number("wal_sender_timeout") {
            // Milliseconds.
            let message = timeout == 0 ? "none: a dead reader holds its slot" : "\(timeout / 1000) s"
            findings.append(
                PreflightFinding(
                    timeout > 0 && timeout < 5000 ? .warning : .ok, "wal_sender_timeout", message,
                    remedy: timeout > 0 && timeout < 5000 ? "below 5 s a busy machine may lose the connection" : ""))
        }
        if let keep = facts.number("max_slot_wal_keep_size") {
            // MiB; -1 is none.
            findings.append(
                PreflightFinding(
                    keep < 0 ? .warning : .ok, "max_slot_wal_keep_size", keep < 0 ? "no limit" : "\(keep) MiB",
                    remedy: keep < 0
                        ? "a slot that is not read fills the server's disk: set a limit below the free space" : ""))
        }
        // Seconds from version 18 on; 0 is never.
        if let idle = facts.number("idle_replication_slot_timeout"), idle > 0 {
            findings.append(
                PreflightFinding(
                    idle < 86_400 ? .warning : .ok, "idle_replication_slot_timeout", "\(idle) s",
                    remedy: idle < 86_400
                        ? "a slot that is stopped for that long is lost: raise it beyond any outage" : ""))
        }
        return findings
    }
}
