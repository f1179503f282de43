import CoreIngest

/// Brings one write's changes to the mirror tables.
///
/// Changes are folded by table and key; each key's last state goes as one row, with a number that orders it among all changes of its key,
/// so that what comes again, or late, does no harm.
final class BigQueryMirrorWriter {
    private let slices: [BatchSlice]
    private let catalog: BigQueryMirrorCatalog
    private let epochs: SourceEpochs
    private let appender: StorageAppender
    private let emptying: MirrorEmptying
    private let settings: BigQuerySinkSettings
    private var pending: [Pending] = []
    private(set) var refusals: [EventReference: BigQueryFailure] = [:]

    /// What the write has for one table.
    private final class Pending {
        let table: BigQueryMirrorTable
        let source: SourceIdentity
        let keyed: KeyedChanges
        /// Events of a table without a key, in order.
        var keyless: [EventReference] = []
        /// Where the last truncation, or begin of a snapshot, stands.
        var emptied: Position?

        init(_ table: BigQueryMirrorTable, _ source: SourceIdentity) {
            self.table = table
            self.source = source
            keyed = KeyedChanges(table.shape)
        }
    }

    init(
        _ slices: [BatchSlice], _ catalog: BigQueryMirrorCatalog, _ epochs: SourceEpochs, _ appender: StorageAppender,
        _ emptying: MirrorEmptying, _ settings: BigQuerySinkSettings
    ) {
        self.slices = slices
        self.catalog = catalog
        self.epochs = epochs
        self.appender = appender
        self.emptying = emptying
        self.settings = settings
    }

    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    func take(_ event: EventReference) throws(BigQueryFailure) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        let entry: Pending
        do throws(BigQueryFailure) { entry = try changes(for: batch.stream(of: record), batch.source) } catch {
            // BigQuery cannot have such a table: its events are refused, and other tables go on.
            guard error.kind == .invalid else { throw error }
            if !record.operation.isControl { refusals[event] = error }
            return
        }
        switch record.operation {
        case .snapshotBegin, .truncate:
            if entry.table.shape.key.isEmpty {
                if record.operation == .truncate { entry.keyless.append(event) }
                return
            }
            entry.keyed.changes.truncate()
            entry.emptied = record.position
        case .snapshotEnd, .none, .message, .schemaChange: break
        case .create, .read, .update, .delete:
            if entry.table.shape.key.isEmpty {
                entry.keyless.append(event)
                return
            }
            switch entry.keyed.fold(event, of: slices) {
            case .taken: break
            case .withoutKey: refusals[event] = BigQueryFailure(.invalid, "the change does not tell its row's key")
            case .partialMove: refusals[event] = Self.partial(entry.table)
            }
        }
    }

    /// A row whose other columns only BigQuery knows, which takes whole rows only.
    private static func partial(_ table: BigQueryMirrorTable) -> BigQueryFailure {
        BigQueryFailure(
            .invalid,
            "the source did not send the columns of \(table.stream.qualifiedName) that did not change, and BigQuery takes whole rows only: "
                + "ALTER TABLE … REPLICA IDENTITY FULL, then take a fresh snapshot of the table")
    }

    private func changes(for stream: StreamDescriptor, _ source: SourceIdentity) throws(BigQueryFailure) -> Pending {
        if let last = pending.last, last.table.stream === stream, last.source == source { return last }
        let name = settings.mirror(schema: stream.schemaName, table: stream.table)
        if let index = pending.firstIndex(where: { $0.table.name == name }) {
            if pending[index].table.serves(stream), pending[index].source == source {
                return pending[index]
            }
            // What came under the old shape is carried out before the table changes to the new one.
            try carryOut(pending.remove(at: index))
        }
        let entry = Pending(try catalog.table(for: stream, source: source), source)
        pending.append(entry)
        return entry
    }

    /// Writes everything that was taken.
    func carryOut() throws(BigQueryFailure) {
        while let entry = pending.first {
            try carryOut(entry)
            pending.removeFirst()
        }
    }

    private func carryOut(_ entry: Pending) throws(BigQueryFailure) {
        let table = entry.table
        if !entry.keyless.isEmpty { try append(entry.keyless, entry) }
        if table.shape.key.isEmpty || entry.keyed.changes.isEmpty { return }
        let epoch = try epochs.epoch(of: entry.source)
        if let position = entry.emptied, !table.isNew { try emptying.empty(table, position, epoch: epoch) }
        table.isNew = false
        var rows = EncodedRows()
        for last in entry.keyed.changes.lasts where last >= 0 { encode(last, entry, epoch, into: &rows) }
        try send(rows, table)
    }

    private func encode(_ last: Int32, _ entry: Pending, _ epoch: Int64, into rows: inout EncodedRows) {
        let keyed = entry.keyed
        let event = keyed.changes.changes[Int(last)].event
        let verdict = keyed.changes.verdict(on: last, of: slices)
        if verdict == .update {
            for part in keyed.changes.parts(of: last) {
                refusals[keyed.changes.changes[Int(part)].event] = Self.partial(entry.table)
            }
            return
        }
        guard keyed.collect(last, of: slices) else {
            refusals[event] = BigQueryFailure(.invalid, "the payload is not a JSON object")
            return
        }
        let position = event.record(in: slices).position
        let isRemoval = verdict == .delete
        do throws(ValueRefusal) {
            try rows.append(event) { out throws(ValueRefusal) in
                if isRemoval {
                    try entry.table.encodeKey(keyed.row, into: &out)
                } else {
                    try entry.table.encode(keyed.row, into: &out)
                }
                entry.table.encodeChange(isRemoval, position, epoch: epoch, into: &out)
            }
        } catch { refusals[event] = BigQueryFailure(.invalid, error.message) }
    }

    private func append(_ events: [EventReference], _ entry: Pending) throws(BigQueryFailure) {
        var rows = EncodedRows()
        for event in events {
            entry.keyed.collectPayload(event, of: slices)
            do throws(ValueRefusal) {
                try rows.append(event) { out throws(ValueRefusal) in
                    try entry.table.encode(entry.keyed.row, into: &out)
                    entry.table.encodeAppended(event.record(in: slices), into: &out)
                }
            } catch { refusals[event] = BigQueryFailure(.invalid, error.message) }
        }
        try send(rows, entry.table)
    }

    private func send(_ rows: borrowing EncodedRows, _ table: BigQueryMirrorTable) throws(BigQueryFailure) {
        if rows.count == 0 { return }
        let result = appender.append(
            rows, table.descriptor, to: StorageWriteClient.defaultStream(settings.path(of: table.name)))
        for (row, failure) in result.refused { refusals[rows.owners[row]] = failure }
        if var failure = result.failure?.afterChange {
            failure.message = "table \(table.name): \(failure.message)"
            throw failure
        }
    }
}
