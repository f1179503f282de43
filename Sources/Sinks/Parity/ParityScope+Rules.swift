import CoreIngest

extension ParityScope {
    /// What of a table can be compared, by what its mirror has and by the destination's rules.
    static func of<Rules: TypeRules>(
        _ table: ParityTable, mirror: String, _ present: [PresentColumn], _ names: NameRules, _ rules: Rules.Type
    ) -> ParityScope {
        if present.isEmpty {
            return .absent("there is no table \(mirror) at the sink: it comes with the first event")
        }
        let there = Set(present.map { names.folded($0.name) })
        var leftOut: Set<Int> = []
        for (index, column) in table.columns.enumerated() {
            guard there.contains(names.folded(column.name)) else {
                return .absent("\(mirror) has no column \(column.name) yet: it comes with the table's next event")
            }
            let isKey = table.keyColumns.contains(index)
            guard let reason = rules.rule(for: column, inKey: isKey).incomparable else { continue }
            if isKey { return .nothing("key column \(column.name) of \(mirror) cannot be compared: \(reason)") }
            leftOut.insert(index)
        }
        return .allBut(leftOut)
    }
}
