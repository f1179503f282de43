import CoreIngest

/// A row's values as COPY and parameters carry them.
extension MirrorRow {
    /// Appends columns as one line of COPY, without its end.
    func appendLine(_ columns: [Int], of target: MirrorTarget, to line: inout ByteArena, scratch: inout ByteArena) {
        for (place, index) in columns.enumerated() {
            if place > 0 { line.append(UInt8(ascii: "\t")) }
            if let value = values[index] {
                line.appendCopyField(value, target.columns[index].form, scratch: &scratch)
            } else {
                line.append("\\N")
            }
        }
    }

    /// A column's text for a parameter; nil for NULL.
    func parameter(_ index: Int, of target: MirrorTarget) throws(PostgresFailure) -> String? {
        guard let value = values[index], !value.isJSONNull else { return nil }
        var text = ByteArena(capacity: value.count)
        text.appendText(value, target.columns[index].form)
        if text.bytes.contains(0) {
            // A parameter's text ends there; the server would refuse it anyway.
            throw PostgresFailure(.data, "a text contains a zero byte (SQLSTATE 22021)", sqlState: "22021")
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
