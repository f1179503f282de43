import CoreIngest
import HTTPClient

/// Appends events by `tabledata.insertAll`: at least once; a repeat within some minutes is known by its id (best effort, says Google).
final class InsertAllWriter: BigQueryEventWriter {
    private let table: BigQueryEventTable
    private let api: BigQueryAPI
    private let rendered: RenderedEvents

    /// Of one request; BigQuery's own bounds are 10 MB and 50,000 rows.
    private static let mostBytes = 9_500_000
    private static let mostRows = 10_000

    init(_ table: BigQueryEventTable, _ api: BigQueryAPI, _ rendered: RenderedEvents) {
        self.table = table
        self.api = api
        self.rendered = rendered
    }

    func open() throws(BigQueryFailure) -> [SourceIdentity: Position] {
        table.forget()
        return [:]
    }

    func write(_ events: [EventReference], of slices: [BatchSlice]) throws(BigQueryFailure)
        -> [EventReference: BigQueryFailure]
    {
        try table.prepare()
        var refused: [EventReference: BigQueryFailure] = [:]
        var rows = EncodedRows()
        try rendered.forEach(events, of: slices) { event, record, batch, shared, line throws(BigQueryFailure) in
            if line.count * 2 > Self.mostBytes {
                refused[event] = BigQueryFailure(
                    .tooLarge, "a row of \(line.count) bytes; BigQuery takes less than 10 MB in a request")
                return
            }
            if rows.count >= Self.mostRows || rows.byteCount + line.count * 2 + 1024 > Self.mostBytes, rows.count > 0 {
                try send(rows, &refused)
                rows = EncodedRows()
            }
            rows.append(event) { out in
                out.append("{\"insertId\":\"")
                out.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
                out.append("\",\"json\":")
                EventTableColumns.writeJSON(record, of: batch, shared, line, into: &out)
                out.append("}")
            }
        }
        try send(rows, &refused)
        return refused
    }

    private func send(
        _ rows: borrowing EncodedRows, _ refused: inout [EventReference: BigQueryFailure]
    ) throws(BigQueryFailure) {
        if rows.count == 0 { return }
        var body = ByteArena(capacity: rows.byteCount + rows.count + 64)
        body.append("{\"skipInvalidRows\":true,\"rows\":[")
        for row in 0..<rows.count {
            if row > 0 { body.append(UInt8(ascii: ",")) }
            body.append(rows[row])
        }
        body.append("]}")
        let answer: BigQueryAnswer
        do throws(BigQueryFailure) {
            answer = try api.call(
                .post, "\(api.tablePath(table.name))/insertAll", Array(body.bytes), compress: true)
        } catch { throw error.afterChange }
        guard let errors = answer.value("insertErrors") else { return }
        for entry in answer.view.elements(errors) {
            guard let row = answer.view.member(entry, named: "index").flatMap({ answer.view.integer($0) }),
                row >= 0, row < rows.count, let list = answer.view.member(entry, named: "errors")
            else { continue }
            var reasons = answer.view.elements(list)
            guard let first = reasons.next() else { continue }
            let reason = answer.text(first, "reason") ?? "invalid"
            let failure = BigQueryFailure(reason: reason, words: answer.text(first, "message") ?? "")
            // Of another row, or of BigQuery: this one is as good as before.
            if failure.kind == .unavailable || failure.kind == .throttled { throw failure }
            refused[rows.owners[row]] = failure
        }
    }
}
