import CoreIngest

/// Tables without a key.
extension MirrorWriter {
    mutating func appendKeyless(_ table: TableChanges) throws(PostgresFailure) {
        guard !table.keyless.isEmpty else { return }
        let target = table.target
        let events = table.keyless
        table.keyless = []
        var block = RowBlock()
        for (index, event) in events.enumerated() {
            table.writeKeyless(event, of: slices, owner: Int32(index), to: &block)
        }
        let connection = loader.connection
        let extra = MirrorCatalog.changeColumns.map(\.name).joined(separator: ", ")
        let list = target.writable.isEmpty ? extra : "\(target.list(target.writable)), \(extra)"
        var refused: [(row: Int, failure: PostgresFailure)] = []
        try loader.load(block.count) { rows throws(PostgresFailure) in
            try connection.copy(
                "COPY \(target.table.sql) (\(list)) FROM STDIN", into: target.table.name, block.bytes(rows))
        } refuse: { row, failure throws(PostgresFailure) in
            refused.append((row, failure))
        }
        for (row, failure) in refused { refusals[events[Int(block.owner(row))]] = failure }
    }
}
