import Synchronization

/// Small values under keys, for checkpoints of sources. Durable when a write returns; any thread.
package final class StateStore: Sendable {
    private let database: Mutex<SQLiteDatabase>

    /// Opens `state.sqlite` in the state folder.
    package init(_ directory: StateDirectory) throws(StateError) {
        let opened = try SQLiteDatabase(path: directory.path + "/state.sqlite")
        try opened.execute(
            "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL, written_at TEXT NOT NULL)")
        database = Mutex(opened)
    }

    /// Nil where nothing was written under the key.
    package func read(_ key: String) throws(StateError) -> [UInt8]? {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare("SELECT value FROM state WHERE key = ?")
            try statement.bind(1, key)
            return try statement.step() ? statement.blob(0) : nil
        }
    }

    /// Everything under keys that begin with a text.
    package func entries(beginning prefix: String) throws(StateError) -> [(key: String, value: [UInt8])] {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                "SELECT key, value FROM state WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key")
            try statement.bind(1, prefix)
            var found: [(key: String, value: [UInt8])] = []
            while try statement.step() { found.append((statement.text(0), statement.blob(1))) }
            return found
        }
    }

    /// Durable on return.
    package func write(_ key: String, _ value: [UInt8]) throws(StateError) {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                """
                INSERT INTO state VALUES (?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET value = excluded.value, written_at = excluded.written_at
                """)
            try statement.bind(1, key)
            var bytes = ByteArena(capacity: value.count)
            bytes.append(value)
            try statement.bind(2, blob: bytes.bytes)
            try statement.bind(3, Timestamp.text(Timestamp.now()))
            _ = try statement.step()
        }
    }

    /// Forgets a key. Durable on return.
    package func remove(_ key: String) throws(StateError) {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare("DELETE FROM state WHERE key = ?")
            try statement.bind(1, key)
            _ = try statement.step()
        }
    }
}
