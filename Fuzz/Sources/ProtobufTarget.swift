import CoreIngest

@testable import HTTPClient
@testable import Sinks

/// What a server answers in Protocol Buffers: fields of a message, an answer to appended rows, and the frames around both.
enum ProtobufTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        checkFields(bytes[...])
        checkAnswer(AppendAnswer(bytes[...]))
        guard let messages = try? GRPCFrames.messages(bytes, from: "https://example.com") else { return }
        promise(
            messages.reduce(0) { $0 + $1.count + GRPCFrames.headBytes } == bytes.count, "frames of another length")
        for message in messages { checkAnswer(AppendAnswer(message)) }
    }

    /// What is read and written again is read as the same.
    private static func checkFields(_ bytes: ArraySlice<UInt8>) {
        var reader = ProtobufReader(bytes)
        var written = ByteArena(capacity: 256)
        var fields: [(field: Int, value: ProtobufReader.Value)] = []
        while let (field, value) = reader.next() {
            promise(field > 0 && field < 1 << 29, "field \(field)")
            promise(fields.count <= bytes.count / 2, "more fields than bytes")
            switch value {
            case .varint(let number): written.append(field: field, varint: number)
            case .fixed64(let bits): written.append(field: field, double: Double(bitPattern: bits))
            case .bytes(let content):
                promise(
                    content.startIndex >= bytes.startIndex && content.endIndex <= bytes.endIndex, "bytes from elsewhere"
                )
                content.withUnsafeBytes { written.append(field: field, bytes: $0) }
            // Nothing of ours is written so.
            case .fixed32: continue
            }
            fields.append((field, value))
        }
        var again = ProtobufReader(Array(written.bytes)[...])
        for (field, value) in fields {
            guard let (otherField, other) = again.next() else { return promise(false, "a field was lost") }
            promise(field == otherField && isSame(value, other), "field \(field) is read otherwise")
        }
        promise(again.next() == nil && !again.isMalformed, "a field that was not written")
    }

    private static func isSame(_ one: ProtobufReader.Value, _ other: ProtobufReader.Value) -> Bool {
        switch (one, other) {
        case (.varint(let left), .varint(let right)): left == right
        case (.fixed64(let left), .fixed64(let right)): left == right
        case (.fixed32(let left), .fixed32(let right)): left == right
        case (.bytes(let left), .bytes(let right)): left == right
        case (.varint, _), (.fixed64, _), (.fixed32, _), (.bytes, _): false
        }
    }

    private static func checkAnswer(_ answer: AppendAnswer) {
        for message in [answer.failure?.message ?? ""] + answer.rowErrors.map(\.message) {
            promise(!message.contains(where: \.isNewline), "a message of more than one line")
            promise(message.count <= 400, "a message of \(message.count) characters")
        }
    }

    // MARK: Seeds

    static var seeds: [(name: String, bytes: [UInt8])] {
        let appended = bytes { $0.append(field: 1) { $0.append(field: 1) { $0.append(field: 1, integer: 12) } } }
        let refused = bytes { answer in
            answer.append(field: 2) { status in
                status.append(field: 1, varint: 3)
                status.append(field: 2, text: "Rows are wrong: 'a value'\nhere")
                status.append(field: 3) { any in
                    any.append(field: 1, text: "type.googleapis.com/google.cloud.bigquery.storage.v1.StorageError")
                    any.append(field: 2) { $0.append(field: 1, varint: 8) }
                }
            }
            answer.append(field: 4) { error in
                error.append(field: 1, integer: 2)
                error.append(field: 3, text: "Cannot convert (bad value): secret")
            }
        }
        let every = bytes {
            $0.append(field: 1, integer: .min)
            $0.append(field: 300, double: -0.5)
            $0.append(field: (1 << 29) - 1, text: "ü")
        }
        let framed = GRPCFrames.head(of: refused.count) + refused + GRPCFrames.head(of: 0)
        return [("appended", appended), ("refused", refused), ("every", every), ("framed", framed)]
    }

    private static func bytes(_ body: (inout ByteArena) -> Void) -> [UInt8] {
        var arena = ByteArena(capacity: 256)
        body(&arena)
        return Array(arena.bytes)
    }
}
