import CoreIngest

/// Values on their way into a stage, a table of texts, from where a statement casts them to their columns' types.
extension MirrorCells {
    /// Ends a cell with a value of a payload as the stage has it; nil and JSON's null are NULL. False, with a cell that is of no use, where
    /// the column cannot hold the value.
    mutating func append(staged json: UnsafeRawBufferPointer?, _ kind: StreamDescriptor.Kind, _ type: DuckDBType)
        -> Bool
    {
        guard let json, let first = json.first, !json.isJSONNull else {
            endNull()
            return true
        }
        defer { end() }
        guard kind != .json, first == UInt8(ascii: "\"") else {
            bytes.append(json)
            guard case .decimal(let precision, let scale) = type else { return true }
            return DecimalText(json)?.fits(precision: precision, scale: scale) ?? false
        }
        let start = bytes.count
        if let plain = json.plainScalar { bytes.append(plain) } else { bytes.appendUnescaped(json) }
        switch type {
        case .decimal: return false
        case .blob: return bytes.unwrapHexadecimal(from: start)
        case .date: bytes.rewriteEra(from: start)
        case .timestamp, .timestampWithZone:
            bytes.rewriteEra(from: start)
            return bytes.year(from: start) <= DuckDBTypes.lastYear
        case .boolean, .smallint, .integer, .bigint, .float, .double, .varchar, .uuid, .time: break
        }
        return true
    }
}

extension DuckDBType {
    /// A staged text as a value of this type.
    func value(of staged: String) -> String {
        switch self {
        case .varchar: staged
        case .blob: "unhex(\(staged))"
        case .boolean, .smallint, .integer, .bigint, .float, .double, .uuid, .date, .time, .timestamp,
            .timestampWithZone, .decimal:
            "CAST(\(staged) AS \(self))"
        }
    }

    /// A column's value as a text, from which ``DuckDBMirrorReader`` makes that of the payload.
    func text(of column: String) -> String {
        switch self {
        case .varchar: "CAST(\(column) AS VARCHAR)"
        case .blob: "'\\x' || lower(hex(\(column)))"
        // Without the session's time zone.
        case .timestampWithZone:
            "CASE WHEN isfinite(\(column)) THEN CAST(make_timestamp(epoch_us(\(column))) AS VARCHAR) ELSE CAST(\(column) AS VARCHAR) END"
        case .boolean, .smallint, .integer, .bigint, .float, .double, .uuid, .date, .time, .timestamp, .decimal:
            "CAST(\(column) AS VARCHAR)"
        }
    }
}

extension ByteArena {
    /// `\x01ff` → `01ff`
    fileprivate mutating func unwrapHexadecimal(from start: Int) -> Bool {
        let text = bytes[start..<count]
        guard text.count >= 2, text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]) else { return false }
        let digits = Array(text.dropFirst(2))
        truncate(to: start)
        append(digits)
        return true
    }

    /// `0044-03-15 01:02:03 BC` → `0044-03-15 (BC) 01:02:03`
    fileprivate mutating func rewriteEra(from start: Int) {
        let text = Array(bytes[start..<count])
        guard text.count > 3, text.suffix(3).elementsEqual(" BC".utf8) else { return }
        let day = text.firstIndex(of: UInt8(ascii: " ")) ?? text.count - 3
        truncate(to: start)
        append(Array(text[..<day]))
        append(" (BC)")
        append(Array(text[day..<text.count - 3]))
    }

    /// The year that a text begins with, in digits; zero where it begins otherwise.
    fileprivate func year(from start: Int) -> Int {
        var year = 0
        for byte in bytes[start..<count].prefix(7) {
            guard byte >= 0x30, byte <= 0x39 else { break }
            year = year * 10 + Int(byte - 0x30)
        }
        return year
    }
}
