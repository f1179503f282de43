import CoreIngest

/// Streams of an application's own. Source: google.cloud.bigquery.storage.v1, `CreateWriteStream`, `FinalizeWriteStream`.
extension StorageWriteClient {
    /// Makes a stream of type COMMITTED, whose rows are seen once they are appended, and answers its name.
    func createStream(_ table: String) throws(BigQueryFailure) -> String {
        var message = ByteArena(capacity: 256)
        message.append(field: 1, text: table)
        message.append(field: 2) { $0.append(field: 2, varint: 1) }
        var reader = ProtobufReader(try unary("CreateWriteStream", routing: "parent", table, message.bytes))
        var name: String?
        while let (field, value) = reader.next() { if field == 1 { name = value.text } }
        guard !reader.isMalformed, let name, !name.isEmpty, !name.contains("\n") else {
            throw BigQueryFailure(.unavailable, "the Storage Write API answered no name for a new stream")
        }
        return name
    }

    /// Ends a stream, so that nothing more can be appended, and answers how many rows it has.
    func finalize(_ stream: String) throws(BigQueryFailure) -> Int64 {
        var message = ByteArena(capacity: 256)
        message.append(field: 1, text: stream)
        var reader = ProtobufReader(try unary("FinalizeWriteStream", routing: "name", stream, message.bytes))
        // Not written where it is 0.
        var rows: Int64 = 0
        while let (field, value) = reader.next() { if field == 1 { rows = value.integer ?? 0 } }
        if reader.isMalformed {
            throw BigQueryFailure(.unavailable, "the answer about the rows of a stream cannot be read")
        }
        return rows
    }
}
