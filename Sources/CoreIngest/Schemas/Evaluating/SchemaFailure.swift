/// One reason why a payload does not pass its schema.
package struct SchemaFailure: Equatable, Sendable {
    /// JSON pointer into the payload; empty for its root.
    package var instancePath: String
    package var keyword: String
    /// JSON pointer into the schema, through references: `#/properties/qty/minimum`.
    package var schemaPath: String
    /// What the schema asks for, for people.
    package var expected: String
    /// What is there instead, as JSON: at most ``mostOfGot`` characters.
    package var got: String
    /// One sentence, without the value.
    package var message: String

    package static let mostOfGot = 64
    /// Failures beyond this are not looked for.
    package static let cap = 32
}

/// Everything that is wrong with one payload.
package struct SchemaReport: Equatable, Sendable {
    package var schema: String
    package var failures: [SchemaFailure]

    /// The report on a payload of more bytes than are read.
    package static func tooLarge(schema: String, most: Int) -> SchemaReport {
        let failure = SchemaFailure(
            instancePath: "", keyword: "size", schemaPath: "#", expected: "at most \(most) bytes", got: "more",
            message: "the payload has more than \(most) bytes")
        return SchemaReport(schema: schema, failures: [failure])
    }

    /// The same for payloads that fail in the same way: schema, keyword and place of the first failure, indices left out.
    package var groupKey: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        add(schema)
        if let first = failures.first {
            add(first.keyword)
            add(Self.withoutIndices(first.instancePath))
            // One name that is too many is another fault than another.
            if first.keyword == "required" { add(first.expected) }
        }
        var arena = ByteArena(capacity: 16)
        arena.append(hex: hash, digits: 16)
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    private static func withoutIndices(_ pointer: String) -> String {
        pointer.split(separator: "/", omittingEmptySubsequences: false)
            .map { part in !part.isEmpty && part.utf8.allSatisfy { $0 &- 0x30 < 10 } ? "*" : part }
            .joined(separator: "/")
    }

    /// The payload breaks the grammar of JSON.
    package var isNotJSON: Bool { failures.first?.keyword == "json" }

    package var message: String {
        guard let first = failures.first else { return "does not match \(schema)" }
        let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
        return "does not match \(schema): \(first.message)\(more)"
    }

    /// Appends the envelope's `validationError`:
    /// `{"message","groupKey","errors":[{"instancePath","keyword","schemaPath","expected","got","message"}]}`
    package func render(to arena: inout ByteArena) {
        arena.append("{\"message\":")
        arena.appendJSONString(text: message)
        arena.append(",\"groupKey\":\"")
        arena.append(text: groupKey)
        arena.append("\",\"errors\":[")
        for (index, failure) in failures.enumerated() {
            arena.append(index == 0 ? "{\"instancePath\":" : ",{\"instancePath\":")
            arena.appendJSONString(text: failure.instancePath)
            arena.append(",\"keyword\":")
            arena.appendJSONString(text: failure.keyword)
            arena.append(",\"schemaPath\":")
            arena.appendJSONString(text: failure.schemaPath)
            arena.append(",\"expected\":")
            arena.appendJSONString(text: failure.expected)
            arena.append(",\"got\":")
            arena.appendJSONString(text: failure.got)
            arena.append(",\"message\":")
            arena.appendJSONString(text: failure.message)
            arena.append(UInt8(ascii: "}"))
        }
        arena.append("]}")
    }
}
