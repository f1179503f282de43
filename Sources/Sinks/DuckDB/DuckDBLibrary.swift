import CDuckDB
import Glibc
import Synchronization

/// DuckDB's library, found at run time, so that who does not use the sink needs none. Loaded once, and never unloaded.
package final class DuckDBLibrary: @unchecked Sendable {
    // Safe to share: pointers to functions, which do not change.
    package let version: String
    let createConfig: duckdb_create_config_function
    let setConfig: duckdb_set_config_function
    let destroyConfig: duckdb_destroy_function
    let open: duckdb_open_ext_function
    let close: duckdb_destroy_function
    let connect: duckdb_connect_function
    let disconnect: duckdb_destroy_function
    let free: duckdb_free_function
    let interrupt: duckdb_interrupt_function
    let prepare: duckdb_prepare_function
    let prepareError: duckdb_handle_error_function
    let destroyPrepare: duckdb_destroy_function
    let pendingPrepared: duckdb_pending_prepared_function
    let pendingError: duckdb_handle_error_function
    let pendingExecuteTask: duckdb_pending_execute_task_function
    let executePending: duckdb_execute_pending_function
    let destroyPending: duckdb_destroy_function
    let resultError: duckdb_result_error_function
    let destroyResult: duckdb_destroy_result_function
    let columnType: duckdb_column_type_function
    let fetchChunk: duckdb_fetch_chunk_function
    let chunkSize: duckdb_chunk_count_function
    let chunkColumns: duckdb_chunk_count_function
    let chunkVector: duckdb_chunk_vector_function
    let destroyChunk: duckdb_destroy_function
    let vectorData: duckdb_vector_data_function
    let vectorValidity: duckdb_vector_validity_function
    let appenderCreate: duckdb_appender_create_function
    let appenderError: duckdb_handle_error_function
    let appenderEndRow: duckdb_appender_function
    let appenderClose: duckdb_appender_function
    let appenderDestroy: duckdb_destroy_function
    let appendText: duckdb_append_varchar_length_function
    let appendNull: duckdb_appender_function

    /// The first version that answers as this code reads it.
    private static let leastVersion = (major: 1, minor: 1)
    private static let usualName = "libduckdb.so"
    private static let loaded = Mutex<[String: DuckDBLibrary]>([:])

    /// Loads a library, or finds the usual one where the system's loader looks.
    package static func load(_ path: String?) throws(DuckDBFailure) -> DuckDBLibrary {
        let name = path ?? usualName
        let result: Result<DuckDBLibrary, DuckDBFailure> = loaded.withLock { loaded in
            if let library = loaded[name] { return .success(library) }
            do throws(DuckDBFailure) {
                let library = try DuckDBLibrary(name)
                loaded[name] = library
                return .success(library)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private init(_ name: String) throws(DuckDBFailure) {
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            let reason = dlerror().map { String(cString: $0) } ?? "not found"
            throw DuckDBFailure(
                .misconfigured,
                "DuckDB's library cannot be loaded (\(reason)): install libduckdb, or set 'library' to its path")
        }
        func symbol(_ symbol: String) throws(DuckDBFailure) -> UnsafeMutableRawPointer {
            guard let found = dlsym(handle, symbol) else {
                throw DuckDBFailure(.misconfigured, "\(name) has no function \(symbol): use libduckdb 1.1 or later")
            }
            return found
        }
        func function<Function>(_ name: String) throws(DuckDBFailure) -> Function {
            unsafeBitCast(try symbol(name), to: Function.self)
        }
        let libraryVersion: duckdb_library_version_function = try function("duckdb_library_version")
        version = libraryVersion().map { String(cString: $0) } ?? ""
        let numbers = version.drop { !$0.isNumber }.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        guard numbers.count == 2, (numbers[0], numbers[1]) >= Self.leastVersion else {
            throw DuckDBFailure(.misconfigured, "\(name) is DuckDB \(version): use libduckdb 1.1 or later")
        }
        createConfig = try function("duckdb_create_config")
        setConfig = try function("duckdb_set_config")
        destroyConfig = try function("duckdb_destroy_config")
        open = try function("duckdb_open_ext")
        close = try function("duckdb_close")
        connect = try function("duckdb_connect")
        disconnect = try function("duckdb_disconnect")
        free = try function("duckdb_free")
        interrupt = try function("duckdb_interrupt")
        prepare = try function("duckdb_prepare")
        prepareError = try function("duckdb_prepare_error")
        destroyPrepare = try function("duckdb_destroy_prepare")
        pendingPrepared = try function("duckdb_pending_prepared")
        pendingError = try function("duckdb_pending_error")
        pendingExecuteTask = try function("duckdb_pending_execute_task")
        executePending = try function("duckdb_execute_pending")
        destroyPending = try function("duckdb_destroy_pending")
        resultError = try function("duckdb_result_error")
        destroyResult = try function("duckdb_destroy_result")
        columnType = try function("duckdb_column_type")
        fetchChunk = try function("duckdb_fetch_chunk")
        chunkSize = try function("duckdb_data_chunk_get_size")
        chunkColumns = try function("duckdb_data_chunk_get_column_count")
        chunkVector = try function("duckdb_data_chunk_get_vector")
        destroyChunk = try function("duckdb_destroy_data_chunk")
        vectorData = try function("duckdb_vector_get_data")
        vectorValidity = try function("duckdb_vector_get_validity")
        appenderCreate = try function("duckdb_appender_create")
        appenderError = try function("duckdb_appender_error")
        appenderEndRow = try function("duckdb_appender_end_row")
        appenderClose = try function("duckdb_appender_close")
        appenderDestroy = try function("duckdb_appender_destroy")
        appendText = try function("duckdb_append_varchar_length")
        appendNull = try function("duckdb_append_null")
    }
}
