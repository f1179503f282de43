import CoreIngest
import HTTPClient

/// The Storage Write API. Source: google.cloud.bigquery.storage.v1, `BigQueryWrite`.
final class StorageWriteClient: Sendable {
    private let client: GRPCClient
    private let access: BigQueryAccess

    /// The most that one request may have is 10 MB; what is around the rows counts.
    static let mostBytes = 9_500_000

    private static let service = "google.cloud.bigquery.storage.v1.BigQueryWrite"

    init(_ settings: BigQuerySinkSettings, _ access: BigQueryAccess) {
        client = GRPCClient(endpoint: settings.storageEndpoint, proxy: settings.proxy, limits: settings.limits)
        self.access = access
    }

    func close() { client.close() }

    /// The default stream of a table.
    static func defaultStream(_ table: String) -> String { "\(table)/streams/_default" }

    /// How many of the rows, given as their numbers, go into one request: one at least.
    static func fitting(_ numbers: ArraySlice<Int>, of rows: borrowing EncodedRows) -> (count: Int, bytes: Int) {
        var taken = 0
        var size = 0
        for number in numbers {
            let count = rows[number].count
            let more = count + 1 + ByteArena.varintBytes(count)
            if taken > 0, size + more > mostBytes { break }
            size += more
            taken += 1
        }
        return (taken, size)
    }

    /// Appends rows by one request, which is a call of its own: libcurl loses the answer of a server that gives it before it has read
    /// everything, and of a single request it can only say so before it looks at the rows. `offset`: how many rows the stream must have.
    func append(
        _ numbers: ArraySlice<Int>, _ size: Int, of rows: borrowing EncodedRows, _ descriptor: [UInt8],
        to stream: String, offset: Int64? = nil
    ) -> AppendAnswer {
        var body = ByteArena(capacity: size + descriptor.count + 1024)
        Self.append(numbers, size, of: rows, descriptor, to: stream, offset, into: &body)
        let outcome = call("AppendRows", routing: "write_stream", stream, body.bytes)
        if let message = outcome.messages.first { return AppendAnswer(message) }
        guard let error = outcome.error else {
            return AppendAnswer(BigQueryFailure(.unavailable, "the Storage Write API gave no answer to rows"))
        }
        // Who is not let in is told so before the rows are read: asked for in a call that is small.
        if error.isFromConnection, let reason = refusal(of: stream) { return AppendAnswer(reason) }
        return AppendAnswer(BigQueryFailure(error))
    }

    private func refusal(of stream: String) -> BigQueryFailure? {
        var message = ByteArena(capacity: 256)
        message.append(field: 1, text: stream)
        do throws(BigQueryFailure) {
            _ = try unary("GetWriteStream", routing: "name", stream, message.bytes)
            return nil
        } catch {
            switch error.kind {
            case .forbidden, .unauthenticated, .notFound, .throttled: return error
            case .unavailable, .schemaLag, .exists, .offset, .streamEnded, .invalid, .tooLarge, .misconfigured,
                .cancelled, .other:
                return nil
            }
        }
    }

    /// One `AppendRowsRequest` with its head.
    private static func append(
        _ numbers: ArraySlice<Int>, _ size: Int, of rows: borrowing EncodedRows, _ descriptor: [UInt8],
        to stream: String, _ offset: Int64?, into body: inout ByteArena
    ) {
        var head = ByteArena(capacity: 512)
        head.append(field: 1, text: stream)
        if let offset { head.append(field: 2) { $0.append(field: 1, integer: offset) } }
        head.append(field: 6, text: "buz-cdc")
        var schema = ByteArena(capacity: 512)
        // ProtoData.writer_schema, ProtoSchema.proto_descriptor: with the first request of a call.
        schema.append(field: 1) { inner in descriptor.withUnsafeBytes { inner.append(field: 1, bytes: $0) } }
        let data = schema.count + 1 + ByteArena.varintBytes(size) + size
        head.append(field: 4, beginningBytes: data)
        let total = head.count + data
        body.append(GRPCFrames.head(of: total))
        body.append(head.bytes)
        body.append(schema.bytes)
        body.append(field: 2, beginningBytes: size)
        for number in numbers { body.append(field: 1, bytes: rows[number]) }
    }

    func unary(
        _ method: String, routing: String, _ name: String, _ message: UnsafeRawBufferPointer
    ) throws(BigQueryFailure) -> ArraySlice<UInt8> {
        var body = ByteArena(capacity: message.count + GRPCFrames.headBytes)
        body.append(GRPCFrames.head(of: message.count))
        body.append(message)
        let outcome = call(method, routing: routing, name, body.bytes)
        if let error = outcome.error { throw BigQueryFailure(error) }
        return outcome.messages.first ?? []
    }

    /// A token that is not taken is asked for anew, once.
    private func call(
        _ method: String, routing: String, _ name: String, _ body: UnsafeRawBufferPointer
    ) -> GRPCClient.Outcome {
        var isFirst = true
        while true {
            // Says which table it is about, so that the call is routed to its place.
            var headers: HTTPHeaders = ["x-goog-request-params": "\(routing)=\(FormText.escaped(name))"]
            do throws(BigQueryFailure) { try access.authorize(&headers) } catch {
                return GRPCClient.Outcome(
                    messages: [], error: GRPCError(Self.code(of: error), error.message))
            }
            let outcome = client.call("\(Self.service)/\(method)", headers: headers, body: body)
            guard outcome.error?.code == .unauthenticated, outcome.messages.isEmpty, isFirst else { return outcome }
            access.discardToken()
            isFirst = false
        }
    }

    private static func code(of failure: BigQueryFailure) -> GRPCError.Code {
        switch failure.kind {
        case .forbidden, .unauthenticated: .permissionDenied
        case .misconfigured: .failedPrecondition
        case .cancelled: .cancelled
        case .unavailable, .throttled, .notFound, .schemaLag, .exists, .offset, .streamEnded, .invalid, .tooLarge,
            .other:
            .unavailable
        }
    }
}
