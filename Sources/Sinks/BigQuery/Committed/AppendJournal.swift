import CoreIngest

/// Keeps the ``AppendRecord`` of one sink's table in the instance's state folder.
struct AppendJournal {
    /// Nil where the sink is only looked at.
    let state: StateStore?
    let key: String

    /// `table`: its whole name, so that another destination begins anew.
    init(_ state: StateStore?, sink: String, table: String) {
        self.state = state
        key = "appends/\(sink)/\(table)"
    }

    func read() throws(BigQueryFailure) -> AppendRecord {
        let bytes: [UInt8]?
        do throws(StateError) { bytes = try state?.read(key) } catch { throw BigQueryFailure(error) }
        guard let bytes else { return AppendRecord() }
        guard let record = AppendRecord(String(decoding: bytes, as: UTF8.self)) else {
            throw BigQueryFailure(
                .misconfigured,
                "the state under '\(key)' is not of this version; \(withoutIt)")
        }
        return record
    }

    /// Durable on return.
    func write(_ record: AppendRecord) throws(BigQueryFailure) {
        guard let state else {
            throw BigQueryFailure(.misconfigured, "without a state folder, nothing can be appended exactly once")
        }
        do throws(StateError) { try state.write(key, Array(record.text.utf8)) } catch { throw BigQueryFailure(error) }
    }

    /// The way out where the record is of no use.
    var withoutIt: String {
        "to go on, perhaps with repeated events: sqlite3 state.sqlite \"DELETE FROM state WHERE key = '\(key)'\", in app.stateDir, while it is stopped"
    }
}

extension BigQueryFailure {
    fileprivate init(_ error: StateError) {
        self.init(error.code == .corrupt ? .misconfigured : .unavailable, error.message)
    }
}
