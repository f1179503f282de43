/// Everything that is wrong with one payload.
package struct SchemaReport: Equatable, Sendable {
    package var schema: String
    package var failures: [SchemaFailure]

    /// The report on a payload of more bytes than are read.
    package static func tooLarge(schema: String, most: Int) -> SchemaReport {
        let failure = SchemaFailure(
            keyword: "size", expected: "at most \(most) bytes", gotType: "more",
            message: "the payload has more than \(most) bytes")
        return SchemaReport(schema: schema, failures: [failure])
    }

    /// The failure that stands for all: the same one whatever the order of the payload's members.
    package var leading: SchemaFailure? {
        failures.min { ($0.schemaPath, $0.groupPath) < ($1.schemaPath, $1.groupPath) }
    }

    /// The same for payloads that fail in the same way, on every machine and in every version: a hash of the schema, and of the
    /// leading failure's keyword, path in the schema, and place with `*` for what varies.
    package var groupKey: String {
        // FNV-1a, with a byte between the texts that none of them holds.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        add(schema)
        if let leading {
            add(leading.keyword)
            add(leading.schemaPath)
            add(leading.groupPath)
        }
        var arena = ByteArena(capacity: 16)
        arena.append(hex: hash, digits: 16)
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    /// The payload breaks the grammar of JSON.
    package var isNotJSON: Bool { failures.first?.keyword == "json" }

    /// One line.
    package var message: String {
        guard let leading else { return "does not match \(schema)" }
        let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
        return "does not match \(schema): \(leading.message)\(more)"
    }

    /// Appends the envelope's `validationError`; its members are described in docs/events.md.
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
            arena.append(",\"schemaLocation\":")
            arena.appendJSONString(text: failure.schemaLocation)
            arena.append(",\"expected\":")
            arena.appendJSONString(text: failure.expected)
            arena.append(",\"gotType\":")
            arena.appendJSONString(text: failure.gotType)
            if let got = failure.got {
                arena.append(",\"got\":")
                arena.appendJSONString(text: got)
            }
            if let suggestion = failure.suggestion {
                arena.append(",\"suggestion\":")
                arena.appendJSONString(text: suggestion)
            }
            arena.append(",\"message\":")
            arena.appendJSONString(text: failure.message)
            arena.append(UInt8(ascii: "}"))
        }
        arena.append("]}")
    }
}
