import CoreIngest

extension ByteArena {
    /// Appends rows that stand there as a statement lists them, `('it''s',NULL,1),`, as CSV of RFC 4180: `"it's",null,1` and a newline.
    ///
    /// Texts are always in quotes, so that an empty one is not nothing. `null`: what stands for NULL. Redshift may or may not tell a
    /// field in quotes from one without, so it must be what no field is.
    mutating func append(csv rows: UnsafeRawBufferPointer, null: String, escapesBackslash: Bool) {
        reserve(rows.count + rows.count / 8)
        var index = 0
        while index < rows.count {
            switch rows[index] {
            case UInt8(ascii: "("): index += 1
            case UInt8(ascii: ")"):
                append(UInt8(ascii: "\n"))
                // The comma between rows.
                index += 2
            case UInt8(ascii: ","):
                append(UInt8(ascii: ","))
                index += 1
            case UInt8(ascii: "'"): index = append(csvText: rows, from: index + 1, escapesBackslash)
            default:
                let rest = rows[index...]
                let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ")") } ?? rows.count
                if rows[index] == UInt8(ascii: "N") {
                    append(text: null)
                } else {
                    append(UnsafeRawBufferPointer(rebasing: rows[index..<end]))
                }
                index = end
            }
        }
    }

    /// Appends the text of a literal that begins at `start`; answers where what is behind its quote begins.
    private mutating func append(csvText rows: UnsafeRawBufferPointer, from start: Int, _ escapesBackslash: Bool) -> Int
    {
        append(UInt8(ascii: "\""))
        var start = start
        var index = start
        while index < rows.count {
            let byte = rows[index]
            if byte == UInt8(ascii: "\"") {
                // Twice: once now, and once as the beginning of the next part.
                append(UnsafeRawBufferPointer(rebasing: rows[start...index]))
                start = index
            } else if byte == UInt8(ascii: "'") || escapesBackslash && byte == UInt8(ascii: "\\") {
                append(UnsafeRawBufferPointer(rebasing: rows[start..<index]))
                guard index + 1 < rows.count, rows[index + 1] == byte else { break }
                index += 1
                start = index
            }
            index += 1
        }
        append(UInt8(ascii: "\""))
        return index + 1
    }
}
