/// Why reading from Postgres failed. One line: what happened, where, and what to do; never secrets or values of rows.
package struct SourceError: Error, Sendable, Equatable, CustomStringConvertible {
    package var code: Code
    package var message: String
    /// Postgres's five-character error code, where the server answered with one.
    package var sqlState: String?

    package enum Code: String, Sendable, CaseIterable {
        /// The connection string cannot be read.
        case badConnectionString
        /// The server could not be reached, or refused the connection for now.
        case connectFailed
        /// Wrong user, password, database, or no entry in pg_hba.conf.
        case accessRefused
        /// The connection broke, or the server ended it.
        case connectionLost
        /// No answer, or no sign of life, in time.
        case timedOut
        /// The server refused a statement.
        case queryFailed
        /// The role may not do what is needed.
        case permissionDenied
        /// The server's version or settings do not allow logical replication.
        case serverUnsuitable
        /// Another server than the one that the state belongs to, or the same put back in time.
        case serverReplaced
        /// No table matches the patterns.
        case noTables
        case publicationMissing
        /// The server skipped changes, as the publication did not exist when they were made.
        case publicationSkipped
        /// A row has more than the 1 GB of text that Postgres can send.
        case rowTooLarge
        /// The state says that the slot existed; it does not.
        case slotMissing
        /// The slot exists, and the state does not know it or says otherwise.
        case slotUnknown
        /// The slot is not a pgoutput slot of this database.
        case slotUnsuitable
        /// The slot has been advanced past what this instance has delivered.
        case slotAhead
        /// The server has removed WAL that the slot needs.
        case slotLost
        /// Another process reads from the slot.
        case slotActive
        /// Creating the slot waits for transactions of others.
        case slotBlocked
        /// A message of the server cannot be read, or a change cannot be decoded.
        case malformedMessage
        /// The table of a snapshot cannot be read.
        case snapshotFailed
        /// A table that a snapshot reads has a schema that the policy does not deliver.
        case schemaHeld
        /// The checkpoint cannot be read or written.
        case checkpointFailed
        /// A system resource could not be had: thread, eventfd.
        case resource
        /// Stopped on request.
        case stopped
    }

    package init(_ code: Code, _ message: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
