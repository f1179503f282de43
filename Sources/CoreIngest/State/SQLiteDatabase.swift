import CSQLite

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One SQLite database file. SQLite's pointers do not leave this file.
///
/// Opened in WAL mode with synchronous=FULL: a statement or transaction is durable when it returns, and a shell may read
/// meanwhile. Not thread safe: its owner keeps it behind a lock.
package final class SQLiteDatabase {
    package let path: String
    private let handle: OpaquePointer

    /// Opens or creates the file, readable by its owner only.
    package init(path: String) throws(StateError) {
        self.path = path
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = Self.error(code, opened, "open", path)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        sqlite3_busy_timeout(handle, 10_000)
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = FULL")
        try execute("PRAGMA foreign_keys = ON")
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements that answer nothing.
    package func execute(_ sql: String) throws(StateError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, "write") }
    }

    /// Runs `body` as one transaction: all of it, or nothing when it throws.
    package func transaction<Result>(_ body: () throws(StateError) -> Result) throws(StateError) -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // After some errors SQLite has rolled back by itself; then this fails, which changes nothing.
            try? execute("ROLLBACK")
            throw error
        }
    }

    package func prepare(_ sql: String) throws(StateError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code, "read") }
        return Statement(database: self, handle: statement)
    }

    /// The first column of the first row, for a statement that answers one number.
    package func integer(_ sql: String) throws(StateError) -> Int64? {
        var statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The row that was inserted last; an upsert that updates does not change it.
    package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Rows changed by the last statement.
    package var changes: Int { Int(sqlite3_changes64(handle)) }

    fileprivate func error(_ code: Int32, _ what: String) -> StateError { Self.error(code, handle, what, path) }

    private static func error(_ code: Int32, _ handle: OpaquePointer?, _ what: String, _ path: String) -> StateError {
        let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        // A write that fails for a full disk is reported as an I/O error in some places of SQLite.
        let systemError = handle.map { sqlite3_system_errno($0) } ?? 0
        switch code & 0xFF {
        case SQLITE_FULL:
            return StateError(
                .diskFull, "Cannot \(what) \(path): \(reason). Make room on that disk; it is tried again.")
        case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT:
            return StateError(.diskFull, "Cannot \(what) \(path): the disk is full. Make room; it is tried again.")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return StateError(.corrupt, "Cannot \(what) \(path): \(reason). Move the file aside; a new one is made.")
        case SQLITE_BUSY, SQLITE_LOCKED:
            return StateError(.locked, "Cannot \(what) \(path): \(reason). Close the other program that writes to it.")
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH:
            return StateError(.refused, "\(path) refuses the row: \(reason)")
        case SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH:
            return StateError(
                .forbidden, "Cannot \(what) \(path): \(reason). Give the user of this process the right to write there."
            )
        default:
            return StateError(.failed, "Cannot \(what) \(path): \(reason) (SQLite code \(code)).")
        }
    }
}

/// A prepared statement: bind values from 1, step through rows, read columns from 0. Reusable after ``reset()``.
package struct Statement: ~Copyable {
    private let database: SQLiteDatabase
    private let handle: OpaquePointer

    fileprivate init(database: SQLiteDatabase, handle: OpaquePointer) {
        self.database = database
        self.handle = handle
    }

    deinit { sqlite3_finalize(handle) }

    package mutating func bind(_ index: Int, _ value: Int64?) throws(StateError) {
        let code = value.map { sqlite3_bind_int64(handle, Int32(index), $0) } ?? sqlite3_bind_null(handle, Int32(index))
        try check(code)
    }

    package mutating func bind(_ index: Int, _ value: String) throws(StateError) {
        var value = value
        let code = value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                shim_sqlite3_bind_text(handle, Int32(index), $0.baseAddress, UInt64($0.count))
            }
        }
        try check(code)
    }

    /// UTF-8 text.
    package mutating func bind(_ index: Int, text: UnsafeRawBufferPointer) throws(StateError) {
        let code = text.withMemoryRebound(to: CChar.self) {
            shim_sqlite3_bind_text(handle, Int32(index), $0.baseAddress, UInt64($0.count))
        }
        try check(code)
    }

    package mutating func bind(_ index: Int, blob: UnsafeRawBufferPointer) throws(StateError) {
        // Without an address SQLite would bind NULL.
        if blob.isEmpty { return try check(sqlite3_bind_zeroblob(handle, Int32(index), 0)) }
        try check(shim_sqlite3_bind_blob(handle, Int32(index), blob.baseAddress, UInt64(blob.count)))
    }

    package mutating func bind(_ index: Int, double: Double) throws(StateError) {
        try check(sqlite3_bind_double(handle, Int32(index), double))
    }

    /// Runs to the next row. False when there is none.
    package mutating func step() throws(StateError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = database.error(code, "write")
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Ready for other values.
    package mutating func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    package func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

    package func text(_ column: Int) -> String {
        guard let bytes = sqlite3_column_text(handle, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    package func blob(_ column: Int) -> [UInt8] {
        guard let bytes = sqlite3_column_blob(handle, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
    }

    /// A value as it is stored. Bytes are valid until the next step.
    package enum Stored {
        case null
        case integer(Int64)
        case real(Double)
        case text(UnsafeRawBufferPointer)
        case blob(UnsafeRawBufferPointer)
    }

    /// A column of the row, as it is stored.
    package func stored(_ column: Int) -> Stored {
        let index = Int32(column)
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(handle, index)
            return .text(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(handle, index)
            return .blob(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
        default: return .null
        }
    }

    private func check(_ code: Int32) throws(StateError) {
        guard code == SQLITE_OK else { throw database.error(code, "write") }
    }
}
