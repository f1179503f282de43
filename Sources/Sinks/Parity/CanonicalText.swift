import CoreIngest

/// From the value of a payload to the **canonical text** of a comparison: what Postgres's output function of the type writes
/// (`ParitySide`). The way back from docs/types.md.
///
/// Source: PostgreSQL documentation, 8.15.6 (array output), 8.16.6 (composite output), F.18 (hstore).
extension ByteArena {
    /// Appends the canonical text of a column's value. `value`: as the payload has it, strings with or without their quotes; never
    /// JSON's null. What is not in the form of its kind is taken as it is.
    mutating func append(canonical value: UnsafeRawBufferPointer, _ column: StreamDescriptor.Column) {
        if column.kind == .boolean { return append(value) }
        // Some destinations have no sign of zero.
        if case .float = column.kind, value.elementsEqual("-0".utf8) { return append(UInt8(ascii: "0")) }
        append(
            canonical: value, column.kind, delimiter: column.sqlType == "box[]" ? UInt8(ascii: ";") : UInt8(ascii: ","))
    }

    /// Within arrays and composites: as above, but that `true` is `t`.
    mutating func append(
        canonical value: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind, delimiter: UInt8
    ) {
        switch kind {
        case .array(let element) where value.first == UInt8(ascii: "["):
            return appendArray(value, element, delimiter: delimiter)
        case .composite(let fields) where value.first == UInt8(ascii: "{"): return appendRecord(value, fields)
        case .hstore where value.first == UInt8(ascii: "{"): return appendHstore(value)
        case .json: return append(value)
        case .boolean:
            if value.count == 4 { return append(UInt8(ascii: "t")) }
            if value.count == 5 { return append(UInt8(ascii: "f")) }
        case .timestamp:
            if value.first != UInt8(ascii: "\"") { return append(canonicalTimestamp: value) }
            var text = ByteArena(capacity: 40)
            text.appendUnescaped(value)
            return append(canonicalTimestamp: text.bytes)
        case .integer, .float, .numeric, .string, .uuid, .date, .time, .interval, .bytes, .enumeration, .text, .array,
            .composite, .hstore:
            break
        }
        append(value)
    }

    /// `2026-01-02T03:04:05.1Z` → `2026-01-02 03:04:05.1+00`
    private mutating func append(canonicalTimestamp text: UnsafeRawBufferPointer) {
        guard text.count > 10, text[10] == UInt8(ascii: "T") else { return append(text) }
        append(UnsafeRawBufferPointer(rebasing: text[..<10]))
        append(UInt8(ascii: " "))
        let hasZone = text[text.count - 1] == UInt8(ascii: "Z")
        append(UnsafeRawBufferPointer(rebasing: text[11..<text.count - (hasZone ? 1 : 0)]))
        if hasZone { append("+00") }
    }

    /// The canonical text of one element, attribute or entry, whose JSON has its quotes.
    private static func inner(_ json: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind) -> ByteArena {
        var out = ByteArena(capacity: json.count + 8)
        if kind != .json, json.first == UInt8(ascii: "\"") {
            var text = ByteArena(capacity: json.count)
            text.appendUnescaped(json)
            out.append(canonical: text.bytes, kind, delimiter: UInt8(ascii: ","))
        } else {
            out.append(canonical: json, kind, delimiter: UInt8(ascii: ","))
        }
        return out
    }

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
                appendArray(value, element, delimiter: delimiter)
            } else {
                let text = Self.inner(value, element)
                if Self.needsQuotes(inArray: text.bytes, delimiter: delimiter) {
                    append(UInt8(ascii: "\""))
                    for byte in text.bytes {
                        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
                        append(byte)
                    }
                    append(UInt8(ascii: "\""))
                } else {
                    append(text.bytes)
                }
            }
        }
        append(UInt8(ascii: "}"))
    }

    private static func needsQuotes(inArray text: UnsafeRawBufferPointer, delimiter: UInt8) -> Bool {
        if text.isEmpty { return true }
        if text.count == 4, zip(text, "null".utf8).allSatisfy({ $0 | 0x20 == $1 }) { return true }
        return text.contains { byte in
            byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "{")
                || byte == UInt8(ascii: "}") || byte == delimiter || isBlank(byte)
        }
    }

    private mutating func appendRecord(_ json: UnsafeRawBufferPointer, _ fields: [StreamDescriptor.CompositeField]) {
        guard let start = JSONCursor(json) else { return }
        append(UInt8(ascii: "("))
        for (index, field) in fields.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            var cursor = start
            guard cursor.enter(UInt8(ascii: "{")) else { continue }
            while let (name, value) = cursor.nextMember() {
                guard ExactText(Self.unescaped(name)) == field.$name else { continue }
                if value.isJSONNull { break }
                // A name, as the bytes live as long as it.
                let text = Self.inner(value, field.kind)
                append(recordField: text.bytes)
                break
            }
        }
        append(UInt8(ascii: ")"))
    }

    /// Appends one attribute of a composite value as Postgres's `record_out` writes it, NULL excepted, of which it writes nothing.
    mutating func append(recordField text: UnsafeRawBufferPointer) {
        let needsQuotes =
            text.isEmpty
            || text.contains { byte in
                byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "(")
                    || byte == UInt8(ascii: ")") || byte == UInt8(ascii: ",") || Self.isBlank(byte)
            }
        guard needsQuotes else { return append(text) }
        append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(byte) }
            append(byte)
        }
        append(UInt8(ascii: "\""))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    private mutating func appendHstore(_ json: UnsafeRawBufferPointer) {
        guard var cursor = JSONCursor(json), cursor.enter(UInt8(ascii: "{")) else { return }
        var isFirst = true
        while let (name, value) = cursor.nextMember() {
            if !isFirst { append(", ") }
            isFirst = false
            append(hstorePart: name)
            append("=>")
            if value.isJSONNull { append("NULL") } else { append(hstorePart: value) }
        }
    }

    private mutating func append(hstorePart json: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        let text = Self.inner(json, .text)
        for byte in text.bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
            append(byte)
        }
        append(UInt8(ascii: "\""))
    }
}
