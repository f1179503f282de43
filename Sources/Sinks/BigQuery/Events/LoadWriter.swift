import CoreIngest
import HTTPClient

/// Appends events by load jobs, one for each flush and table. Loading costs nothing, but takes seconds, and a table takes 1500 jobs a day:
/// let `flush.interval` be a minute or more.
///
/// A job's id is made of the events in it, so that one whose answer was lost is not made twice.
final class LoadWriter: BigQueryEventWriter {
    private let table: BigQueryEventTable
    private let api: BigQueryAPI
    private let rendered: RenderedEvents
    private var lines = ByteArena(capacity: 64 << 10)
    private var count = 0
    private var fingerprint: UInt64 = LoadWriter.offset
    private var pause: @Sendable (Duration) -> Void

    /// FNV-1a.
    private static let offset: UInt64 = 0xCBF2_9CE4_8422_2325
    private static let boundary = "buz-cdc-load"
    /// How often a job is asked for before the flush fails.
    private static let mostLooks = 60

    init(
        _ table: BigQueryEventTable, _ api: BigQueryAPI, _ rendered: RenderedEvents,
        pause: @escaping @Sendable (Duration) -> Void
    ) {
        self.table = table
        self.api = api
        self.rendered = rendered
        self.pause = pause
    }

    func open() throws(BigQueryFailure) -> [SourceIdentity: Position] {
        clear()
        table.forget()
        return [:]
    }

    private func clear() {
        lines.truncate(to: 0)
        count = 0
        fingerprint = Self.offset
    }

    func write(_ events: [EventReference], of slices: [BatchSlice]) throws(BigQueryFailure)
        -> [EventReference: BigQueryFailure]
    {
        try table.prepare()
        rendered.forEach(events, of: slices) { _, record, batch, shared, line in
            EventTableColumns.writeJSON(record, of: batch, shared, line, into: &lines)
            lines.append(UInt8(ascii: "\n"))
            count += 1
            for word in [record.uuidHigh, record.uuidLow] {
                fingerprint = (fingerprint ^ word) &* 0x0000_0100_0000_01B3
                fingerprint ^= fingerprint >> 29
            }
        }
        return [:]
    }

    func flush() throws(BigQueryFailure) {
        if count == 0 { return }
        var hex = ByteArena(capacity: 32)
        hex.append(hex: fingerprint, digits: 16)
        let job = "buz_cdc_\(table.name)_\(count)_\(String(decoding: hex.bytes, as: UTF8.self))"
        do throws(BigQueryFailure) { try load(job) } catch {
            // Everything since the last flush is written again.
            clear()
            throw error
        }
        clear()
    }

    private func load(_ job: String) throws(BigQueryFailure) {
        var answer: BigQueryAnswer
        do throws(BigQueryFailure) {
            answer = try api.call(
                .post, "/jobs", query: [("uploadType", "multipart")], body(job),
                contentType: "multipart/related; boundary=\(Self.boundary)", isUpload: true)
        } catch {
            guard error.kind == .exists else { throw error }
            answer = try look(job, location: nil)
        }
        let location = answer.text(answer.value("jobReference", "location"))
        for look in 0..<Self.mostLooks {
            if answer.text(answer.value("status", "state")) == "DONE" {
                guard let problem = answer.value("status", "errorResult") else { return }
                throw BigQueryFailure(
                    reason: answer.text(problem, "reason") ?? "backendError",
                    words: "load job \(job): \(answer.text(problem, "message") ?? "failed")")
            }
            pause(.milliseconds(min(2000, 100 + look * 100)))
            answer = try self.look(job, location: location)
        }
        throw BigQueryFailure(.unavailable, "load job \(job) does not end; it is asked for again")
    }

    private func look(_ job: String, location: String?) throws(BigQueryFailure) -> BigQueryAnswer {
        try api.call(.get, "/jobs/\(FormText.escaped(job))", query: location.map { [("location", $0)] } ?? [])
    }

    private func body(_ job: String) -> [UInt8] {
        let destination =
            "{\"projectId\":\(BigQueryAPI.json(api.project)),\"datasetId\":\(BigQueryAPI.json(api.dataset)),\"tableId\":\(BigQueryAPI.json(table.name))}"
        let reference = "{\"projectId\":\(BigQueryAPI.json(api.project)),\"jobId\":\(BigQueryAPI.json(job))}"
        let configuration =
            "{\"jobReference\":\(reference),\"configuration\":{\"load\":{\"destinationTable\":\(destination),\"sourceFormat\":\"NEWLINE_DELIMITED_JSON\",\"writeDisposition\":\"WRITE_APPEND\",\"createDisposition\":\"CREATE_NEVER\"}}}"
        var body = ByteArena(capacity: lines.count + 1024)
        body.append(
            text: "--\(Self.boundary)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n\(configuration)\r\n")
        body.append(text: "--\(Self.boundary)\r\nContent-Type: application/octet-stream\r\n\r\n")
        body.append(lines.bytes)
        body.append(text: "\r\n--\(Self.boundary)--\r\n")
        return Array(body.bytes)
    }
}
