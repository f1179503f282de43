package import CoreIngest

/// One row of `pg_replication_slots`, with what it costs.
package struct SlotInfo: Sendable, Equatable {
    package var name: String
    package var plugin: String
    package var slotType: String
    package var database: String
    package var isTemporary: Bool
    /// The walsender that reads from it now.
    package var activePID: Int32?
    package var restart: LogSequenceNumber
    package var confirmedFlush: LogSequenceNumber
    /// `reserved`, `extended`, `unreserved` or `lost`.
    package var walStatus: String
    /// Bytes until the slot may be lost; nil without a limit.
    package var safeWALSize: Int64?
    /// Why it was invalidated; from version 17 on.
    package var invalidationReason: String?
    /// Bytes of WAL that the server keeps for it.
    package var retainedBytes: UInt64

    package var isLost: Bool { walStatus == "lost" || invalidationReason != nil }

    /// One row, or none when there is no such slot.
    static func query(slot: String, serverVersion: Int) -> String {
        let reason = serverVersion >= 170_000 ? "invalidation_reason" : "NULL"
        return """
            SELECT slot_name, coalesce(plugin, ''), slot_type, coalesce(database, ''), temporary, active_pid, restart_lsn,
              confirmed_flush_lsn, coalesce(wal_status, ''), safe_wal_size, \(reason),
              greatest(pg_wal_lsn_diff(
                CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                restart_lsn), 0)::int8
            FROM pg_replication_slots WHERE slot_name = \(SQLText.literal(slot))
            """
    }

    init?(row: [String?]) {
        guard row.count >= 12, let name = row[0] else { return nil }
        self.name = name
        plugin = row[1] ?? ""
        slotType = row[2] ?? ""
        database = row[3] ?? ""
        isTemporary = row[4] == "t"
        activePID = row[5].flatMap { Int32($0) }
        restart = row[6].flatMap { LogSequenceNumber(parsing: $0) } ?? .none
        confirmedFlush = row[7].flatMap { LogSequenceNumber(parsing: $0) } ?? .none
        walStatus = row[8] ?? ""
        safeWALSize = row[9].flatMap { Int64($0) }
        invalidationReason = row[10]
        retainedBytes = row[11].flatMap { UInt64($0) } ?? 0
    }
}
