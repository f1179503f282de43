/// The type that a column is given whose source has another by now; nil where it stays as it is. Types as `format_type` writes them.
///
/// It is given one where that holds all that the old type did, and where Postgres would otherwise store values of the new type and
/// silently leave out a part: digits, a time of day, a zone. Then it gets what the source's own `ALTER COLUMN … TYPE` makes of old values.
/// Everything else stays: a value that does not fit is an error there.
func widerType(from old: String, to new: String) -> String? {
    if old == new { return nil }
    if old.hasSuffix("[]"), new.hasSuffix("[]") {
        return widerType(from: String(old.dropLast(2)), to: String(new.dropLast(2))).map { $0 + "[]" }
    }
    let (from, to) = (PostgresTypeName(old), PostgresTypeName(new))
    switch from.name {
    case "smallint", "integer", "bigint":
        guard let digits = integerDigits(from.name) else { return nil }
        if let wider = integerDigits(to.name) { return wider > digits ? new : nil }
        guard to.name == "numeric" else { return nil }
        return to.modifiers.count == 2 ? (to.modifiers[0] - to.modifiers[1] >= digits ? new : nil) : new
    case "real": return ["double precision", "numeric"].contains(to.name) ? new : nil
    case "double precision": return to.name == "numeric" ? new : nil
    case "numeric":
        switch to.name {
        // Rounded to the column's digits otherwise.
        case "real", "double precision": return from.modifiers.isEmpty ? nil : new
        case "numeric": return widerNumeric(from.modifiers, to.modifiers)
        default: return nil
        }
    case "character varying", "character", "bit varying":
        if from.name != "bit varying", to.name == "text" { return new }
        guard to.name == (from.name == "bit varying" ? from.name : "character varying") else { return nil }
        guard let length = from.modifiers.first else { return nil }
        return to.modifiers.first.map { $0 > length || from.name != to.name && $0 == length } ?? true ? new : nil
    case "date": return to.name.hasPrefix("timestamp") ? new : nil
    case "timestamp without time zone", "time without time zone":
        if to.name == from.name.replacing("without", with: "with") { return new }
        fallthrough
    case "timestamp with time zone", "time with time zone":
        guard to.name == from.name, let digits = from.modifiers.first else { return nil }
        return to.modifiers.first.map { $0 > digits } ?? true ? new : nil
    default: return nil
    }
}

private func integerDigits(_ name: String) -> Int? {
    switch name {
    case "smallint": 5
    case "integer": 10
    case "bigint": 19
    default: nil
    }
}

/// The one with room for both: digits in front of the point would be refused, those behind it rounded.
private func widerNumeric(_ old: [Int], _ new: [Int]) -> String? {
    guard old.count == 2 else { return nil }
    guard new.count == 2 else { return "numeric" }
    let scale = max(old[1], new[1])
    let precision = max(old[0] - old[1], new[0] - new[1]) + scale
    return [precision, scale] == old ? nil : "numeric(\(precision),\(scale))"
}

/// `numeric(12,2)` → `numeric`, [12, 2]; `timestamp(3) without time zone` → `timestamp without time zone`, [3].
private struct PostgresTypeName {
    var name: String
    var modifiers: [Int] = []

    init(_ text: String) {
        name = text
        guard let open = text.firstIndex(of: "("), let close = text[open...].firstIndex(of: ")") else { return }
        modifiers = text[text.index(after: open)..<close].split(separator: ",").compactMap { Int($0) }
        name = String(text[..<open] + text[text.index(after: close)...])
    }
}
