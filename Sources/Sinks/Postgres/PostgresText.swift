import CoreIngest

/// How the text of a column's values is made from their JSON, for one column of a target table.
struct PostgresTextForm: Sendable {
    /// The column takes JSON: values go in as they are, not as Postgres's own text.
    var isJSON: Bool
    var kind: StreamDescriptor.Kind
    /// Between the elements of an array; `;` for box.
    var delimiter: UInt8
}

/// JSON values as the input functions of Postgres's types read them, and as COPY's text format carries them.
///
/// Source: PostgreSQL documentation, COPY (text format).
extension ByteArena {
    /// Appends one field of a COPY line. JSON's null is `\N`, of json columns too: the payload does not tell the two apart.
    mutating func appendCopyField(_ json: UnsafeRawBufferPointer, _ form: PostgresTextForm, scratch: inout ByteArena) {
        if json.isJSONNull {
            append("\\N")
        } else if form.isJSON || form.kind == .json {
            appendCopyEscaped(json)
        } else if let plain = json.plainScalar {
            append(plain)
        } else {
            scratch.truncate(to: 0)
            scratch.appendText(json, form.kind, delimiter: form.delimiter)
            appendCopyEscaped(scratch.bytes)
        }
    }

    /// Appends the text of a value that is not null.
    mutating func appendText(_ json: UnsafeRawBufferPointer, _ form: PostgresTextForm) {
        if form.isJSON { append(json) } else { appendText(json, form.kind, delimiter: form.delimiter) }
    }

    mutating func appendText(_ json: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind, delimiter: UInt8) {
        switch (kind, json.first) {
        case (.json, _): return append(json)
        // What Postgres writes of them it reads too.
        case (.array, UInt8(ascii: "[")), (.composite, UInt8(ascii: "{")), (.hstore, UInt8(ascii: "{")):
            return append(canonical: json, kind, delimiter: delimiter)
        default: break
        }
        if json.first == UInt8(ascii: "\"") { appendUnescaped(json) } else { append(json) }
    }

    /// Appends bytes with what COPY's text format gives a meaning escaped: backslash, newline, carriage return, tab.
    mutating func appendCopyEscaped(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte <= 0x0D || byte == UInt8(ascii: "\\") {
                let letter: UInt8? =
                    switch byte {
                    case UInt8(ascii: "\\"): byte
                    case 0x0A: UInt8(ascii: "n")
                    case 0x0D: UInt8(ascii: "r")
                    case 0x09: UInt8(ascii: "t")
                    default: nil
                    }
                if let letter {
                    append(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
                    append(UInt8(ascii: "\\"))
                    append(letter)
                    start = index + 1
                }
            }
            index += 1
        }
        append(UnsafeRawBufferPointer(rebasing: bytes[start..<bytes.count]))
    }
}
