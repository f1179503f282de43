import CoreIngest
import Testing

@testable import Sinks

@Suite("Protocol Buffers, and what BigQuery answers in them")
struct ProtobufTests {
    private func bytes(_ body: (inout ByteArena) -> Void) -> [UInt8] {
        var arena = ByteArena(capacity: 64)
        body(&arena)
        return Array(arena.bytes)
    }

    @Test("Fields are written as the specification's examples are")
    func written() {
        #expect(bytes { $0.append(field: 1, varint: 150) } == [0x08, 0x96, 0x01])
        #expect(bytes { $0.append(field: 2, text: "testing") } == [0x12, 0x07] + Array("testing".utf8))
        #expect(bytes { $0.append(field: 3) { $0.append(field: 1, varint: 150) } } == [0x1A, 0x03, 0x08, 0x96, 0x01])
        #expect(
            bytes { $0.append(field: 1, integer: -2) } == [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
        #expect(bytes { $0.append(field: 1, double: 1) } == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
        for value in [0, 1, 127, 128, 16383, 16384, Int.max] {
            #expect(ByteArena.varintBytes(value) == bytes { $0.append(varint: UInt64(value)) }.count)
        }
    }

    @Test("What was written is read, and fields that nobody knows are passed over")
    func read() {
        let message = bytes {
            $0.append(field: 1, integer: .min)
            $0.append(field: 300, double: 2)
            $0.append(field: 2, text: "ü")
        }
        var reader = ProtobufReader(message[...])
        #expect(reader.next()?.value.integer == .min)
        #expect(reader.next()?.field == 300)
        #expect(reader.next()?.value.text == "ü")
        #expect(reader.next() == nil && !reader.isMalformed)
    }

    /// An `AppendRowsResponse` with a status, a `StorageError` in it, and a row's error.
    private func refusal(storage: UInt64) -> [UInt8] {
        bytes { answer in
            answer.append(field: 2) { status in
                status.append(field: 1, varint: 3)
                status.append(field: 2, text: "Rows are wrong")
                status.append(field: 3) { any in
                    any.append(field: 1, text: "type.googleapis.com/google.cloud.bigquery.storage.v1.StorageError")
                    any.append(field: 2) { $0.append(field: 1, varint: storage) }
                }
            }
            answer.append(field: 4) { row in
                row.append(field: 1, varint: 7)
                row.append(field: 3, text: "Cannot convert value to integer (bad value): 4711")
            }
        }
    }

    @Test("An answer's error is told by its storage code, and a row's without its value")
    func answers() {
        let answer = AppendAnswer(refusal(storage: 7)[...])
        #expect(answer.failure?.kind == .schemaLag)
        #expect(answer.rowErrors == [AppendAnswer.RowError(index: 7, message: "Cannot convert value to integer")])
        #expect(AppendAnswer(refusal(storage: 0)[...]).failure?.kind == .invalid)
        #expect(AppendAnswer(refusal(storage: 8)[...]).failure?.kind == .exists)
        #expect(AppendAnswer(bytes { $0.append(field: 1, text: "") }[...]).failure == nil)
    }

    @Test("An answer that was cut off or changed anywhere is read without harm")
    func broken() {
        let whole = refusal(storage: 7)
        var random = SystemRandomNumberGenerator()
        for length in 0..<whole.count { _ = AppendAnswer(whole[..<length]) }
        for _ in 0..<20_000 {
            var changed = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = AppendAnswer(changed[...])
        }
    }

    @Test(
        "Words about rows lose what they quote",
        arguments: [
            ("Cannot convert value to integer (bad value): secret", "Cannot convert value to integer"),
            ("no such field: 'secret' in \"row\"", "no such field: '…' in \"…\""),
            ("BigQuery doesn't know it", "BigQuery doesn't know it"), ("two\nlines", "two lines"),
        ])
    func words(message: String, expected: String) {
        #expect(RowWords.without(values: message) == expected)
    }

    @Test(
        "Reasons of the REST API have their class",
        arguments: [
            ("quotaExceeded", BigQueryFailure.Kind.throttled), ("rateLimitExceeded", .throttled),
            ("backendError", .unavailable), ("accessDenied", .forbidden), ("notFound", .notFound),
            ("duplicate", .exists), ("invalid", .invalid), ("authError", .unauthenticated),
            ("billingNotEnabled", .misconfigured),
        ])
    func reasons(reason: String, kind: BigQueryFailure.Kind) {
        #expect(BigQueryFailure.kind(ofReason: reason) == kind)
    }
}
