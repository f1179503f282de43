import CDuckDB
import CoreIngest
import Glibc

/// One open DuckDB file with one connection. DuckDB's pointers do not leave this file. Closed with its last reference, which also
/// writes the log of changes into the file.
///
/// DuckDB locks the file against all other processes, readers too, as long as it is open. Not thread safe.
package final class DuckDBConnection {
    package let path: String
    private let library: DuckDBLibrary
    private let place: DuckDBOpenFiles.Place
    private var database: duckdb_handle?
    private var connection: duckdb_handle?
    private let timeout: Duration

    /// What statements may spill on disk beside the file.
    private static let mostSpilled = "1GB"

    /// Opens or makes the file. While another process has it, waits at most `patience`.
    package init(
        _ library: DuckDBLibrary, _ settings: DuckDBSinkSettings, readOnly: Bool = false, patience: Duration
    ) throws(DuckDBFailure) {
        self.library = library
        path = settings.path
        timeout = settings.timeout
        let clock = ContinuousClock()
        let end = clock.now + patience
        place = try DuckDBOpenFiles.take(settings.path, until: end)
        while true {
            do throws(DuckDBFailure) {
                try open(settings, readOnly: readOnly)
                break
            } catch {
                guard error.kind == .locked, clock.now < end else { throw error }
                usleep(20_000)
            }
        }
        guard library.connect(database, &connection) == 0 else {
            throw DuckDBFailure(.other, "\(path): DuckDB refused a connection")
        }
    }

    deinit {
        library.disconnect(&connection)
        library.close(&database)
        DuckDBOpenFiles.giveBack(place)
    }

    private func open(_ settings: DuckDBSinkSettings, readOnly: Bool) throws(DuckDBFailure) {
        var config: duckdb_handle?
        guard library.createConfig(&config) == 0 else {
            throw DuckDBFailure(.other, "\(path): DuckDB made no configuration")
        }
        defer { library.destroyConfig(&config) }
        let options = [
            ("access_mode", readOnly ? "READ_ONLY" : "READ_WRITE"),
            // All work is done by the lane's own thread, piece by piece, so that it can be ended.
            ("threads", "1"), ("memory_limit", "\(settings.memoryLimit)B"),
            ("max_temp_directory_size", Self.mostSpilled),
            // Nothing is fetched from the network.
            ("autoinstall_known_extensions", "false"), ("autoload_known_extensions", "false"),
        ]
        for (name, value) in options {
            guard library.setConfig(config, name, value) == 0 else {
                throw DuckDBFailure(.misconfigured, "DuckDB \(library.version) does not know the setting \(name)")
            }
        }
        var message: UnsafeMutablePointer<CChar>?
        guard library.open(path, &database, config, &message) == 0 else {
            let text = message.map { String(cString: $0) } ?? ""
            library.free(message)
            throw DuckDBFailure(saying: text, of: path)
        }
    }

    /// Runs one statement that answers nothing.
    package func execute(_ sql: String) throws(DuckDBFailure) {
        var answer = try run(sql)
        library.destroyResult(&answer)
    }

    /// Runs one statement, and hands over the rows of its answer. Every column of it must be a text; NULL is nil. The texts are valid
    /// for that row.
    package func query(
        _ sql: String, _ take: (_ row: [UnsafeRawBufferPointer?]) throws(DuckDBFailure) -> Void
    ) throws(DuckDBFailure) {
        var answer = try run(sql)
        defer { library.destroyResult(&answer) }
        var row: [UnsafeRawBufferPointer?] = []
        while true {
            var chunk = library.fetchChunk(answer)
            if chunk == nil { return }
            defer { library.destroyChunk(&chunk) }
            let count = library.chunkColumns(chunk)
            guard (0..<count).allSatisfy({ Int(library.columnType(&answer, $0)) == duckdb_text_type }) else {
                throw DuckDBFailure(.other, "\(path): a column of an answer is not a text")
            }
            let columns = (0..<count).map { column in
                let vector = library.chunkVector(chunk, column)
                return (data: library.vectorData(vector), mask: library.vectorValidity(vector))
            }
            for index in 0..<library.chunkSize(chunk) {
                row.removeAll(keepingCapacity: true)
                for (data, mask) in columns {
                    guard duckdb_has_value(mask, index) else {
                        row.append(nil)
                        continue
                    }
                    var length: UInt32 = 0
                    let text = duckdb_text(data, index, &length)
                    row.append(UnsafeRawBufferPointer(start: text, count: Int(length)))
                }
                try take(row)
            }
        }
    }

    /// The rows of an answer that is known to be small.
    package func texts(_ sql: String) throws(DuckDBFailure) -> [[String?]] {
        var rows: [[String?]] = []
        try query(sql) { row throws(DuckDBFailure) in
            rows.append(row.map { $0.map { String(decoding: $0, as: UTF8.self) } })
        }
        return rows
    }

    /// Runs `body` as one transaction: all of it, or nothing when it throws.
    package func transaction<Value>(_ body: () throws(DuckDBFailure) -> Value) throws(DuckDBFailure) -> Value {
        try execute("BEGIN TRANSACTION")
        do throws(DuckDBFailure) {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    func rollBack() {
        // After a commit that failed there is nothing to roll back; then this fails, which changes nothing.
        try? execute("ROLLBACK")
    }

    /// Appends rows of texts to a table of texts.
    func append(
        to table: String, _ rows: (_ appender: borrowing DuckDBAppender) throws(DuckDBFailure) -> Void
    ) throws(DuckDBFailure) {
        var handle: duckdb_handle?
        let isMade = library.appenderCreate(connection, "main", table, &handle) == 0
        defer { library.appenderDestroy(&handle) }
        guard isMade else { throw appenderFailure(handle) }
        do throws(DuckDBFailure) {
            try rows(DuckDBAppender(library: library, handle: handle))
        } catch {
            _ = library.appenderClose(handle)
            throw error
        }
        guard library.appenderClose(handle) == 0 else { throw appenderFailure(handle) }
    }

    fileprivate func appenderFailure(_ handle: duckdb_handle?) -> DuckDBFailure {
        DuckDBFailure(saying: library.appenderError(handle).map { String(cString: $0) } ?? "", of: path)
    }

    private func run(_ sql: String) throws(DuckDBFailure) -> duckdb_answer {
        var statement: duckdb_handle?
        defer { library.destroyPrepare(&statement) }
        guard library.prepare(connection, sql, &statement) == 0 else { throw failure(library.prepareError(statement)) }
        var pending: duckdb_handle?
        defer { library.destroyPending(&pending) }
        guard library.pendingPrepared(statement, &pending) == 0 else { throw failure(library.pendingError(pending)) }
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while true {
            let state = library.pendingExecuteTask(pending)
            if Int(state) == duckdb_task_ready { break }
            if Int(state) == duckdb_task_error { throw failure(library.pendingError(pending)) }
            if Int(state) == duckdb_task_waits { usleep(200) }
            // The next piece of work ends with an error.
            if clock.now > end { library.interrupt(connection) }
        }
        var answer = duckdb_answer()
        guard library.executePending(pending, &answer) == 0 else {
            let failure = failure(library.resultError(&answer))
            library.destroyResult(&answer)
            throw failure
        }
        return answer
    }

    private func failure(_ message: UnsafePointer<CChar>?) -> DuckDBFailure {
        DuckDBFailure(saying: message.map { String(cString: $0) } ?? "", of: path)
    }
}

/// Takes the rows of one ``DuckDBConnection/append(to:_:)``. What goes wrong is told at its end.
struct DuckDBAppender: ~Copyable {
    fileprivate let library: DuckDBLibrary
    fileprivate let handle: duckdb_handle?

    /// Appends the next column of the row; nil is NULL.
    func append(_ text: UnsafeRawBufferPointer?) {
        guard let text else {
            _ = library.appendNull(handle)
            return
        }
        guard let start = text.baseAddress else {
            _ = library.appendText(handle, "", 0)
            return
        }
        _ = library.appendText(handle, start.assumingMemoryBound(to: CChar.self), UInt64(text.count))
    }

    func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    func endRow() throws(DuckDBFailure) {
        guard library.appenderEndRow(handle) == 0 else {
            throw DuckDBFailure(
                saying: library.appenderError(handle).map { String(cString: $0) } ?? "", of: "the database")
        }
    }
}
