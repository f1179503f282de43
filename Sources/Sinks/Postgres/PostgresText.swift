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
/// Source: PostgreSQL documentation, COPY (text format), 8.15.2 (array input), 8.16.2 (composite input), F.18 (hstore).
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
        switch kind {
        case .json:
            append(json)
            return
        case .array(let element) where json.first == UInt8(ascii: "["):
            appendArray(json, element, delimiter: delimiter)
            return
        case .composite(let fields) where json.first == UInt8(ascii: "{"):
            appendRecord(json, fields)
            return
        case .hstore where json.first == UInt8(ascii: "{"):
            appendHstore(json)
            return
        case .array, .composite, .hstore, .boolean, .integer, .float, .numeric, .string, .uuid, .date, .time,
            .timestamp,
            .interval, .bytes, .enumeration, .text:
            break
        }
        if json.first == UInt8(ascii: "\"") { appendUnescaped(json) } else { append(json) }
    }

    /// `{1,NULL,"a b"}`. An array within the array is its next dimension, unless the elements are JSON themselves.
    private mutating func appendArray(
        _ json: UnsafeRawBufferPointer, _ element: StreamDescriptor.Kind, delimiter: UInt8
    ) {
        guard var cursor = JSONCursor(json), cursor.enter(UInt8(ascii: "[")) else { return }
        append(UInt8(ascii: "{"))
        var isFirst = true
        while let value = cursor.nextElement() {
            if !isFirst { append(delimiter) }
            isFirst = false
            if value.isJSONNull {
                append("NULL")
            } else if value.first == UInt8(ascii: "["), element != .json {
                var inner = element
                if case .array(let nested) = element { inner = nested }
                appendArray(value, inner, delimiter: delimiter)
            } else {
                appendQuoted(value, element)
            }
        }
        append(UInt8(ascii: "}"))
    }

    /// `("a",1,)`; a missing member is NULL.
    private mutating func appendRecord(_ json: UnsafeRawBufferPointer, _ fields: [StreamDescriptor.CompositeField]) {
        guard let start = JSONCursor(json) else { return }
        append(UInt8(ascii: "("))
        for (index, field) in fields.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            var cursor = start
            guard cursor.enter(UInt8(ascii: "{")) else { continue }
            while let (name, value) = cursor.nextMember() {
                guard ExactText(Self.unescaped(name)) == field.$name else { continue }
                if !value.isJSONNull { appendQuoted(value, field.kind) }
                break
            }
        }
        append(UInt8(ascii: ")"))
    }

    /// `"k"=>"v","l"=>NULL`
    private mutating func appendHstore(_ json: UnsafeRawBufferPointer) {
        guard var cursor = JSONCursor(json), cursor.enter(UInt8(ascii: "{")) else { return }
        var isFirst = true
        while let (name, value) = cursor.nextMember() {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            appendQuoted(name, .text)
            append("=>")
            if value.isJSONNull { append("NULL") } else { appendQuoted(value, .text) }
        }
    }

    /// One element or field within quotes, where `\` escapes in arrays, records and hstore alike.
    private mutating func appendQuoted(_ value: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind) {
        append(UInt8(ascii: "\""))
        if kind != .json, let plain = value.plainScalar {
            append(plain)
        } else {
            var inner = ByteArena(capacity: value.count)
            inner.appendText(value, kind, delimiter: UInt8(ascii: ","))
            for byte in inner.bytes {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
                append(byte)
            }
        }
        append(UInt8(ascii: "\""))
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
