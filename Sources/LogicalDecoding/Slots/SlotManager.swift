import CoreIngest

/// Makes, drops and looks at the slot.
enum SlotManager {
    /// What a new slot is good for: changes from the consistent point on, and a snapshot of what was before.
    struct Created: Sendable, Equatable {
        var consistentPoint: LogSequenceNumber
        /// For SET TRANSACTION SNAPSHOT; ends with the next command on the connection that made it, and with that connection.
        var snapshotName: String?
    }

    static func look(_ name: String, on side: borrowing PostgresConnection) throws(SourceError) -> SlotInfo? {
        try side.query(SlotInfo.query(slot: name, serverVersion: side.serverVersion)).first.flatMap(SlotInfo.init(row:))
    }

    /// Creates the slot on a replication connection. It waits for every transaction that runs: after `timeout` the error
    /// names those that it waits for.
    static func create(
        _ name: String, exportsSnapshot: Bool, timeout: Duration, on replication: borrowing PostgresConnection,
        side: borrowing PostgresConnection, control: SourceControl
    ) throws(SourceError) -> Created {
        // The short form of the options, which all versions understand.
        let sql =
            "CREATE_REPLICATION_SLOT \(SQLText.identifier(name)) LOGICAL pgoutput "
            + (exportsSnapshot ? "EXPORT_SNAPSHOT" : "NOEXPORT_SNAPSHOT")
        do throws(SourceError) {
            let rows = try replication.query(
                sql, timeout: timeout, signal: control.signal, stopping: { control.isStopping })
            guard let row = rows.first, row.count >= 3, let point = row[1].flatMap({ LogSequenceNumber(parsing: $0) })
            else {
                throw SourceError(.serverUnsuitable, "the server gave no usable answer to CREATE_REPLICATION_SLOT")
            }
            return Created(consistentPoint: point, snapshotName: row[2])
        } catch {
            guard error.code == .timedOut else { throw error }
            throw SourceError(
                .slotBlocked,
                "creating slot \(name) waits for open transactions: \(try blockers(side)); end them (SELECT"
                    + " pg_terminate_backend(pid)), it is tried again")
        }
    }

    /// Who holds a transaction open, the oldest first.
    private static func blockers(_ side: borrowing PostgresConnection) throws(SourceError) -> String {
        let rows = try side.query(
            """
            SELECT 'pid ' || pid || ' (' || coalesce(nullif(application_name, ''), 'unnamed') || ', ' || coalesce(state, '?')
              || ', for ' || extract(epoch FROM date_trunc('second', now() - xact_start))::int8 || ' s)'
            FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
            UNION ALL
            SELECT 'prepared transaction ' || quote_literal(gid) FROM pg_prepared_xacts
            LIMIT 10
            """)
        let list = rows.compactMap { $0.first ?? nil }
        return list.isEmpty ? "none that this role can see" : list.joined(separator: ", ")
    }

    static func drop(_ name: String, on side: borrowing PostgresConnection) throws(SourceError) {
        try side.query("SELECT pg_drop_replication_slot(\(SQLText.literal(name)))")
    }
}
