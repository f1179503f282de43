import HTTPClient

/// What the Storage Write API answered to one request of rows: `AppendRowsResponse`.
struct AppendAnswer {
    struct RowError: Equatable {
        var index: Int
        /// Without values of the row.
        var message: String
    }

    /// Nil where the rows were appended.
    var failure: BigQueryFailure?
    /// The rows to blame, where the answer names them: then none of the request's rows was appended.
    var rowErrors: [RowError] = []

    /// The rows were appended.
    init() {}

    init(_ failure: BigQueryFailure) { self.failure = failure }

    init(_ message: ArraySlice<UInt8>) {
        var reader = ProtobufReader(message)
        while let (field, value) = reader.next() {
            switch field {
            case 2: failure = value.bytes.map { Self.failure($0) }
            case 4: if let bytes = value.bytes { rowErrors.append(Self.rowError(bytes)) }
            default: break
            }
        }
        if reader.isMalformed { failure = BigQueryFailure(.unavailable, "an answer to appended rows cannot be read") }
    }

    /// A `google.rpc.Status`, in whose details lies a `StorageError`.
    private static func failure(_ bytes: ArraySlice<UInt8>) -> BigQueryFailure {
        var reader = ProtobufReader(bytes)
        var code: Int64 = 2
        var words = ""
        var storage: Int64 = 0
        while let (field, value) = reader.next() {
            switch field {
            case 1: code = value.integer ?? 2
            case 2: words = value.text ?? ""
            case 3: if let bytes = value.bytes, let found = storageCode(inAny: bytes) { storage = found }
            default: break
            }
        }
        var failure = BigQueryFailure(GRPCError(GRPCError.Code(rawValue: Int(code)) ?? .unknown, words))
        // Source: enum StorageErrorCode of google.cloud.bigquery.storage.v1.
        switch storage {
        case 1, 3: failure.kind = .notFound
        case 2, 4, 5, 6: failure.kind = .streamEnded
        case 7: failure.kind = .schemaLag
        case 8: failure.kind = .exists
        case 9: failure.kind = .offset
        case 10...14: failure.kind = .misconfigured
        default: break
        }
        return failure
    }

    private static func storageCode(inAny bytes: ArraySlice<UInt8>) -> Int64? {
        var reader = ProtobufReader(bytes)
        var isStorageError = false
        var code: Int64?
        while let (field, value) = reader.next() {
            if field == 1 { isStorageError = value.text?.hasSuffix("bigquery.storage.v1.StorageError") == true }
            guard field == 2, let inner = value.bytes else { continue }
            var error = ProtobufReader(inner)
            while let (field, value) = error.next() { if field == 1 { code = value.integer } }
        }
        return isStorageError ? code : nil
    }

    private static func rowError(_ bytes: ArraySlice<UInt8>) -> RowError {
        var reader = ProtobufReader(bytes)
        var index = 0
        var words = ""
        while let (field, value) = reader.next() {
            switch field {
            case 1: index = Int(value.integer ?? 0)
            case 3: words = RowWords.without(values: value.text ?? "")
            default: break
            }
        }
        return RowError(index: index, message: words)
    }
}
