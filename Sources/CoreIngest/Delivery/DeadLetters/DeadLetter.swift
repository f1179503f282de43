/// Why an event is in a dead letter queue.
package enum DeadLetterClass: String, Sendable, CaseIterable {
    /// Its schema, or a contract, refused it.
    case validationFailed = "validation_failed"
    /// It could not be validated, as its schema could not be had.
    case schemaUnavailable = "schema_unavailable"
    /// Its table has a schema that the policy does not deliver.
    case schemaChange = "schema_change"
    /// The destination refused it.
    case rejected
    /// It was refused as part of a batch, and alone too.
    case poison
    /// The sink was down, its park full, and its delivery not required.
    case parkFull = "park_full"
}

/// One event that one sink does not get, and why.
struct DeadLetter: Sendable {
    var batch: EventBatch
    /// Index into the batch's records.
    var record: Int
    var reason: DeadLetterClass
    /// The sink's own word: the code of its failure.
    var code: String
    /// One line.
    var error: String
    var attempts: Int
    /// The key of its group, where whoever refused the event knows one; else it is made from the error.
    var group: String?
}

/// What many dead letters have in common: their reason, without the values that differ.
enum DeadLetterGroup {
    /// 16 hexadecimal digits, from class, code, schema and the error with numbers, quoted values and identifiers taken out.
    static func key(reason: String, code: String, schema: String, error: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [reason, code, schema, normalised(error)] {
            // FNV-1a, with a byte between the texts that none of them holds.
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        let hex = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    /// Quoted parts become `'…'`, and runs of letters and digits that hold a digit become `#`.
    static func normalised(_ error: String) -> String {
        var out = ""
        var word = ""
        var quote: Character?
        func closeWord() {
            out += word.contains { $0.isASCII && $0.isNumber } ? "#" : word
            word = ""
        }
        for character in error {
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            if character.isLetter || character.isNumber || character == "-" || character == "_" {
                word.append(character)
                continue
            }
            closeWord()
            if character == "'" || character == "\"" || character == "`" {
                quote = character
                out += "'…'"
            } else {
                out.append(character)
            }
        }
        closeWord()
        return out
    }
}
