extension Preflight {
    /// Whether the role may replicate, and read what a snapshot copies.
    static func roleFindings(
        _ settings: PostgresSourceSettings, facts: ServerFacts, on side: borrowing PostgresConnection
    ) throws(SourceError) -> [PreflightFinding] {
        // Hosted servers hand the right out as membership of a role of theirs.
        let rows = try side.query(
            """
            SELECT current_user, rolsuper OR rolreplication OR EXISTS (
              SELECT FROM pg_roles g WHERE g.rolname IN ('rds_replication', 'rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser',
                'alloydbsuperuser') AND pg_has_role(current_user, g.oid, 'member'))
            FROM pg_roles WHERE rolname = current_user
            """)
        let role = rows.first?.first.flatMap { $0 } ?? "?"
        var findings: [PreflightFinding] = []
        if rows.first?.last.flatMap({ $0 }) == "t" {
            findings.append(PreflightFinding(.ok, "role", "\(role) may replicate"))
        } else {
            findings.append(
                PreflightFinding(
                    .error, "role", "\(role) may not replicate",
                    remedy:
                        "ALTER ROLE \(SQLText.identifier(role)) REPLICATION; on RDS: GRANT rds_replication TO \(SQLText.identifier(role))"
                ))
        }
        return findings
    }

    /// Whether the publication is there, whose it is, and whether it publishes what the patterns say.
    static func publicationFindings(
        _ settings: PostgresSourceSettings, publication: PublicationInfo?, wanted: [TableName]
    ) -> [PreflightFinding] {
        let name = settings.publication
        let patterns = settings.tables.joined(separator: ", ")
        guard let publication else {
            if wanted.isEmpty {
                return [
                    PreflightFinding(
                        .error, "publication", "\(name) does not exist, and no table matches \(patterns)",
                        remedy: "mend the patterns (schema.table, with * and !), or create the tables first")
                ]
            }
            return [PreflightFinding(.ok, "publication", "\(name) will be created for \(wanted.count) tables")]
        }
        var findings: [PreflightFinding] = []
        let whose =
            publication.isManaged ? "made by buz-cdc" : "owned by \(publication.owner), never changed by buz-cdc"
        findings.append(
            PreflightFinding(.ok, "publication", "\(name) publishes \(publication.tables.count) tables, \(whose)"))
        if !publication.omittedOperations.isEmpty {
            findings.append(
                PreflightFinding(
                    .warning, "publication",
                    "\(name) leaves out \(publication.omittedOperations.joined(separator: ", "))",
                    remedy:
                        "ALTER PUBLICATION \(SQLText.identifier(name)) SET (publish = 'insert, update, delete, truncate')"
                ))
        }
        let missing = wanted.filter { !publication.tables.contains($0) }
        let extra = publication.tables.filter { !wanted.contains($0) }
        let willChange = publication.isManaged && !publication.isForAllTables
        if !missing.isEmpty {
            findings.append(
                PreflightFinding(
                    .warning, "publication", "\(name) lacks tables that match: \(short(missing))",
                    remedy: willChange
                        ? "they are added at the next start; rows from before are not sent without a new snapshot"
                        : "ALTER PUBLICATION \(SQLText.identifier(name)) ADD TABLE …, or narrow the patterns"))
        }
        if !extra.isEmpty {
            findings.append(
                PreflightFinding(
                    .warning, "publication", "\(name) publishes tables that do not match: \(short(extra))",
                    remedy: willChange
                        ? "they are dropped from it at the next start"
                        : "their changes are sent too: ALTER PUBLICATION \(SQLText.identifier(name)) DROP TABLE …, or widen the patterns"
                ))
        }
        return findings
    }

    /// Keys, replica identities and the right to read, of every table that is or will be published.
    static func tableFindings(
        publication: PublicationInfo?, wanted: [TableName], on side: borrowing PostgresConnection
    ) throws(SourceError) -> [PreflightFinding] {
        let names = Set(publication?.tables ?? []).union(wanted).sorted()
        guard !names.isEmpty else { return [] }
        let list = names.map { SQLText.literal($0.quoted) }.joined(separator: ", ")
        // The identity that counts is that of the table that holds the rows: of each partition.
        let rows = try side.query(
            """
            WITH named AS (SELECT unnest(ARRAY[\(list)])::regclass::oid AS oid),
            held AS (
              SELECT oid AS named, oid FROM named
              UNION SELECT n.oid, t.relid::oid FROM named n, pg_partition_tree(n.oid::regclass) t WHERE t.isleaf)
            SELECT n.nspname, c.relname, c.relreplident, has_table_privilege(h.named, 'SELECT'),
              EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
              EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident), c.relkind
            FROM held h JOIN pg_class c ON c.oid = h.oid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2
            """)
        var unreadable: [TableName] = []
        var without: [TableName] = []
        var keyless: [TableName] = []
        for row in rows {
            guard row.count >= 7, let name = TableName(row: row) else { continue }
            if row[3] != "t" { unreadable.append(name) }
            let isPartitioned = row[6] == "p"
            let hasIdentity =
                switch row[2] {
                case "f": true
                case "i": row[5] == "t"
                case "d": row[4] == "t"
                default: false
                }
            if !hasIdentity, !isPartitioned { without.append(name) }
            if row[4] != "t", hasIdentity { keyless.append(name) }
        }
        var findings: [PreflightFinding] = []
        if !unreadable.isEmpty {
            findings.append(
                PreflightFinding(
                    .error, "tables", "the role may not read \(short(unreadable))",
                    remedy: "GRANT SELECT ON \(short(unreadable, quoted: true)) TO the role, for the snapshot"))
        }
        if !without.isEmpty {
            findings.append(
                PreflightFinding(
                    .error, "replica_identity",
                    "\(short(without)) have no replica identity: while they are published, the application's own UPDATE and"
                        + " DELETE statements on them FAIL",
                    remedy:
                        "ALTER TABLE … ADD PRIMARY KEY, or ALTER TABLE … REPLICA IDENTITY FULL, or leave them out with !"
                ))
        }
        if !keyless.isEmpty {
            findings.append(
                PreflightFinding(
                    .warning, "primary_key", "\(short(keyless)) have no primary key",
                    remedy: "mirrors can only append their changes: add a primary key where that is possible"))
        }
        if findings.isEmpty {
            findings.append(PreflightFinding(.ok, "tables", "\(names.count) tables can be read and have keys"))
        }
        return findings
    }

    /// The slot's state, what it costs, and whether someone reads from it.
    static func slotFindings(
        _ settings: PostgresSourceSettings, slot: SlotInfo?, facts: ServerFacts
    ) -> [PreflightFinding] {
        guard let slot else { return [PreflightFinding(.ok, "slot", "\(settings.slot) does not exist yet")] }
        var findings: [PreflightFinding] = []
        let retained = "\(slot.retainedBytes / (1 << 20)) MiB of log kept, wal_status \(slot.walStatus)"
        if slot.isLost {
            findings.append(
                PreflightFinding(
                    .error, "slot", "\(slot.name) is lost (\(slot.invalidationReason ?? slot.walStatus))",
                    remedy: "start once with snapshot: always to begin anew, and raise max_slot_wal_keep_size"))
        } else if slot.walStatus == "unreserved" {
            findings.append(
                PreflightFinding(
                    .error, "slot", "\(slot.name): \(retained), about to be lost",
                    remedy: "start reading now, or raise max_slot_wal_keep_size"))
        } else {
            let isTight = slot.safeWALSize.map { $0 < 1 << 30 } ?? false
            let isMuch = slot.retainedBytes > 10 << 30
            let left = slot.safeWALSize.map { ", \($0 / (1 << 20)) MiB until it is lost" } ?? ""
            findings.append(
                PreflightFinding(
                    isTight || isMuch ? .warning : .ok, "slot",
                    "\(slot.name) at \(slot.confirmedFlush), \(retained)\(left)",
                    remedy: isTight || isMuch
                        ? "see why it is not read, before the server's disk or its limit is reached" : ""))
        }
        if let pid = slot.activePID {
            findings.append(
                PreflightFinding(
                    .warning, "slot", "\(slot.name) is being read by pid \(pid)",
                    remedy: "fine when that is this instance; two readers of one slot shut each other out"))
        }
        return findings
    }

    /// At most ten names.
    static func short(_ names: [TableName], quoted: Bool = false) -> String {
        let list = names.prefix(10).map { quoted ? $0.quoted : $0.description }.joined(separator: ", ")
        return names.count > 10 ? "\(list) and \(names.count - 10) more" : list
    }
}
