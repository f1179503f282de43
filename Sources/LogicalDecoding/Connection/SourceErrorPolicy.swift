/// What is done about an error, and the operator's next step where it is not in the message: one place for all of them.
package enum SourceErrorPolicy {
    package enum Reaction: Sendable, Equatable {
        /// Connect again after a pause; nothing was acknowledged that is not delivered.
        case retry
        /// Only a person can mend it: stop with the error. Nothing beyond the last delivered change is acknowledged.
        case stop
        /// A person must decide, and the rest of the instance goes on: read nothing, show why, and wait to be stopped.
        case hold
    }

    package static func reaction(to error: SourceError) -> Reaction {
        switch error.code {
        case .connectFailed, .connectionLost, .timedOut, .slotActive, .slotBlocked, .resource, .snapshotFailed,
            .checkpointFailed:
            return .retry
        case .queryFailed:
            return isPassing(error.sqlState) ? .retry : .stop
        case .accessRefused:
            // While it starts or recovers, a server refuses too; and passwords are changed while we run.
            return isPassing(error.sqlState) ? .retry : .stop
        case .badConnectionString, .permissionDenied, .serverUnsuitable, .serverReplaced, .noTables,
            .publicationMissing,
            .publicationSkipped, .rowTooLarge, .slotMissing, .slotUnknown, .slotUnsuitable, .slotAhead, .slotLost,
            .malformedMessage, .stopped:
            return .stop
        case .schemaHeld: return .hold
        }
    }

    /// Whether an SQLSTATE speaks of something that passes: connection trouble (08), resources (53), operator intervention
    /// such as a restart (57), a conflict with another session (40, 55), or system trouble (58).
    static func isPassing(_ sqlState: String?) -> Bool {
        guard let sqlState else { return true }
        switch sqlState.prefix(2) {
        case "08", "40", "53", "57", "58": return true
        // object_in_use, lock_not_available; 55000 (not in the prerequisite state) needs a person.
        case "55": return sqlState == "55006" || sqlState == "55P03"
        default: return false
        }
    }

    /// What to do where the server cannot send a row, as no text in Postgres has more than 1 GB: 54000 (program_limit_exceeded) of its
    /// string buffers, or XX000 of its allocator, whose words are never translated. The error itself where it is another.
    static func withAdvice(_ error: SourceError, table: String?) -> SourceError {
        let isTooLarge =
            error.sqlState == "54000"
            || error.sqlState == "XX000" && error.message.contains("invalid memory alloc request size")
        guard isTooLarge else { return error }
        let row = table.map { "a row of \($0)" } ?? "a row"
        let again = table == nil ? "start once with snapshot: always, as the log holds it for ever" : "start again"
        return SourceError(
            .rowTooLarge,
            "\(error.message); \(row) has more than the 1 GB of text that Postgres can send: make it smaller, or leave its column"
                + " out of the publication (a column list, from Postgres 15 on) or its table; then \(again)",
            sqlState: error.sqlState)
    }

    /// The code for a statement that the server refused with this SQLSTATE.
    static func code(forRefused sqlState: String?) -> SourceError.Code {
        switch sqlState {
        case "42501": return .permissionDenied
        case "55006": return .slotActive
        case "57014": return .timedOut
        case .some(let state) where state.hasPrefix("08") || state.hasPrefix("57P"): return .connectionLost
        case .some(let state) where state.hasPrefix("28"): return .accessRefused
        default: return .queryFailed
        }
    }
}
