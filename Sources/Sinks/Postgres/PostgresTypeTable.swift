import CoreIngest

/// The type table of the page of the sink `postgres`, as Markdown: a mirror has its source's own types, and others only for those that
/// the destination may lack.
func postgresTypeTable() -> String {
    let samples = SourceTypes.all
    let lacking = samples.filter { $0.column.sqlType.hasPrefix("public.") || $0.column.kind == .text }
    let labels = samples.filter { sample in !lacking.contains { $0.label == sample.label } }.map(\.label)
    var lines = ["| \(labels.joined(separator: ", ")) | the same | always known | yes |"]
    for sample in lacking {
        let type = fallbackType(of: sample.column.kind)
        let array = fallbackType(of: .array(of: sample.column.kind))
        let compared = type == "jsonb" ? "not where it is `jsonb`" : "yes"
        lines.append("| \(sample.label) | the same | `\(type)`, an array of them `\(array)` | \(compared) |")
    }
    return """
        | source type | column | where the destination does not know the type | compared by `verify` |
        |---|---|---|---|

        """ + lines.map { $0 + "\n" }.joined()
}
