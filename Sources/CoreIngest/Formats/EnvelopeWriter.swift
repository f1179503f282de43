/// Writes the envelopes of one batch. What is the same for all events of a table or of a transaction is written once, into
/// fragments, and copied from there.
///
/// Field order and names: see DESIGN, "Events". A change carries its context under ``changeContext``:
/// - rows of a snapshot have as `lsn` and `commitLsn` the snapshot's consistent point, one past ``Position/commit``;
/// - `repaired` is true, else absent, where bytes that were not UTF-8 have been replaced by U+FFFD;
/// - `xid` is null where the row belongs to no transaction that the stream reported;
/// - `payload` is null for an event without one (a truncation).
struct EnvelopeWriter: ~Copyable {
    /// The name of the schema of the change context.
    static let changeContext: StaticString = "iglu:io.silverton.buz/change/jsonschema/1-0-0"

    private struct Stream {
        /// From the end of the timestamp to `"isValid":`.
        var head: ByteRange
        /// From the end of the operation to the beginning of the LSN.
        var table: ByteRange
    }

    private struct Transaction {
        /// From the end of the LSN to `"ordinal":`.
        var commit: ByteRange
        /// From the end of the ordinal to the end of the commit time.
        var time: ByteRange
        /// `,"origin":"…"`, or nothing.
        var origin: ByteRange
    }

    private let batch: EventBatch
    private var fragments = ByteArena(capacity: 2048)
    private var streams: [Stream] = []
    private var transactions: [Transaction] = []
    private var times = TimestampMemo()

    init(batch: EventBatch, instance: EventRenderer.Instance) {
        self.batch = batch
        prepareStreams(instance)
        prepareTransactions()
    }

    private mutating func prepareStreams(_ instance: EventRenderer.Instance) {
        streams.reserveCapacity(batch.streams.count)
        for stream in batch.streams {
            let start = fragments.count
            fragments.append("\",\"buzTimestamp\":\"")
            fragments.append(timestamp: batch.receivedAt)
            fragments.append("\",\"buzVersion\":")
            fragments.appendJSONString(text: instance.version)
            fragments.append(",\"buzName\":")
            fragments.appendJSONString(text: instance.name)
            fragments.append(",\"buzEnv\":")
            fragments.appendJSONString(text: instance.environment)
            fragments.append(",\"protocol\":")
            fragments.appendJSONString(text: stream.protocol)
            fragments.append(",\"schema\":")
            fragments.appendJSONString(text: stream.schema.description)
            fragments.append(",\"vendor\":")
            fragments.appendJSONString(text: stream.schema.vendor)
            fragments.append(",\"namespace\":")
            fragments.appendJSONString(text: stream.schema.name)
            fragments.append(",\"version\":")
            fragments.appendJSONString(text: stream.schema.version.description)
            fragments.append(",\"isValid\":")
            let head = fragments.count
            fragments.append("\",\"database\":")
            fragments.appendJSONString(text: stream.database)
            fragments.append(",\"schema\":")
            fragments.appendJSONString(text: stream.schemaName)
            fragments.append(",\"table\":")
            fragments.appendJSONString(text: stream.table)
            fragments.append(",\"lsn\":\"")
            streams.append(
                Stream(head: ByteRange(from: start, to: head), table: ByteRange(from: head, to: fragments.count)))
        }
    }

    private mutating func prepareTransactions() {
        transactions.reserveCapacity(batch.transactions.count)
        for transaction in batch.transactions {
            let start = fragments.count
            fragments.append("\",\"commitLsn\":\"")
            fragments.append(transaction.commitLSN)
            fragments.append("\",\"xid\":")
            if transaction.xid == 0 {
                fragments.append("null")
            } else {
                fragments.append(decimal: UInt64(transaction.xid))
            }
            fragments.append(",\"ordinal\":")
            let commit = fragments.count
            fragments.append(",\"commitTime\":\"")
            fragments.append(timestamp: transaction.commitTime)
            fragments.append(UInt8(ascii: "\""))
            let time = fragments.count
            if let origin = transaction.origin {
                fragments.append(",\"origin\":")
                fragments.appendJSONString(text: origin)
            }
            transactions.append(
                Transaction(
                    commit: ByteRange(from: start, to: commit), time: ByteRange(from: commit, to: time),
                    origin: ByteRange(from: time, to: fragments.count)))
        }
    }

    /// Appends the line of record `index`, with its newline; nothing for a control mark.
    mutating func write(_ index: Int, to line: inout ByteArena) {
        let record = batch.records[index]
        if record.operation.isControl { return }
        let stream = streams[Int(record.stream)]
        let start = line.count
        line.append("{\"uuid\":\"")
        line.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        line.append("\",\"timestamp\":\"")
        times.append(record.timestamp, to: &line)
        line.append(fragments[stream.head])
        if record.isInvalid { line.append("false") } else { line.append("true") }
        if !record.validationError.isEmpty {
            line.append(",\"validationError\":")
            line.append(batch.bytes(of: record.validationError))
        }
        if record.operation == .none {
            line.append(",\"contexts\":{")
        } else {
            writeChange(record, stream, to: &line)
            if !record.contexts.isEmpty { line.append(UInt8(ascii: ",")) }
        }
        if !record.contexts.isEmpty { line.append(batch.bytes(of: record.contexts)) }
        line.append("},\"payload\":")
        line.append(payload: record.payload, of: batch)
        line.append(UInt8(ascii: "}"))
        line.endLine(from: start)
    }

    /// `,"contexts":{"iglu:…":{…}`
    private mutating func writeChange(_ record: EventRecord, _ stream: Stream, to line: inout ByteArena) {
        line.append(",\"contexts\":{\"")
        line.append(Self.changeContext)
        line.append("\":{\"op\":\"")
        line.append(record.operation.rawValue)
        line.append(fragments[stream.table])
        let isSnapshot = record.flags.contains(.snapshot)
        let commit = LogSequenceNumber(record.position.eventCommit &+ (isSnapshot ? 1 : 0))
        line.append(record.lsn == .none && isSnapshot ? commit : record.lsn)
        let transaction = record.transaction == .max ? nil : transactions[Int(record.transaction)]
        if let transaction, !isSnapshot {
            line.append(fragments[transaction.commit])
        } else {
            line.append("\",\"commitLsn\":\"")
            line.append(commit)
            line.append("\",\"xid\":null,\"ordinal\":")
        }
        line.append(decimal: record.position.number)
        if let transaction {
            line.append(fragments[transaction.time])
        } else {
            line.append(",\"commitTime\":\"")
            times.append(record.timestamp, to: &line)
            line.append(UInt8(ascii: "\""))
        }
        if !record.key.isEmpty {
            line.append(",\"key\":")
            line.append(batch.bytes(of: record.key))
        }
        if !record.before.isEmpty {
            line.append(",\"before\":")
            line.append(batch.bytes(of: record.before))
        }
        if !record.unchanged.isEmpty {
            line.append(",\"unchanged\":[")
            line.append(batch.bytes(of: record.unchanged))
            line.append(UInt8(ascii: "]"))
        }
        if record.flags.contains(.repairedText) { line.append(",\"repaired\":true") }
        if isSnapshot { line.append(",\"snapshot\":true") } else { line.append(",\"snapshot\":false") }
        if let transaction { line.append(fragments[transaction.origin]) }
        line.append(UInt8(ascii: "}"))
    }
}
