import CoreIngest

/// What `verify` found, for people and for programs.
struct VerifyReport {
    struct Entry {
        var input: String
        var sink: String
        var parity: TableParity
    }

    private(set) var entries: [Entry] = []
    /// Differences of a table that are listed for people; `--json` has all that were confirmed.
    private static let mostLines = 20

    mutating func add(_ entry: Entry) { entries.append(entry) }

    /// Whether everything that can be compared is equal, and something was.
    var isEqual: Bool {
        entries.contains { $0.parity.verdict == .equal }
            && entries.allSatisfy { $0.parity.verdict == .equal || $0.parity.verdict == .notCompared }
    }

    /// In a few words.
    var summary: String {
        func count(_ verdict: TableParity.Verdict) -> Int { entries.count { $0.parity.verdict == verdict } }
        return
            "\(count(.equal)) tables equal, \(count(.different)) different, \(count(.unsettled)) unsettled, \(count(.notCompared)) not compared"
    }

    var text: String {
        var table = TextTable([
            ("table", .left), ("sink", .left), ("source rows", .right), ("mirror rows", .right), ("differ", .right),
            ("result", .left),
        ])
        for entry in entries {
            let parity = entry.parity
            let count = UInt64(parity.differences.count) + parity.unconfirmed
            table.append(
                parity.table.qualifiedName, entry.sink, "\(parity.sourceRows)", "\(parity.mirrorRows)",
                parity.unconfirmed > 0 ? "≥ \(parity.differences.count)" : "\(count)", Self.result(parity))
        }
        return ([table.text] + entries.flatMap { Self.details($0.parity) }).joined(separator: "\n")
    }

    private static func result(_ parity: TableParity) -> String {
        switch parity.verdict {
        case .equal: "equal"
        case .unsettled: "unsettled: \(parity.unsettled) rows changed at every look; try again in a quieter moment"
        case .different: parity.absence.map { "DIFFERENT: \($0)" } ?? "DIFFERENT"
        case .notCompared: "not compared: \(parity.obstacle ?? "")"
        }
    }

    private static func details(_ parity: TableParity) -> [String] {
        var lines: [String] = []
        let name = parity.table.qualifiedName
        if !parity.leftOut.isEmpty {
            lines.append(
                "\(name): not compared, as the mirror keeps them in another form: \(parity.leftOut.joined(separator: ", "))"
            )
        }
        for difference in parity.differences.prefix(mostLines) {
            let key = zip(parity.table.keyColumns, difference.key.values)
                .map { "\(parity.table.columns[$0].name)=\($1)" }.joined(separator: " ")
            switch difference.kind {
            case .missing: lines.append("\(name) \(key): missing in the mirror")
            case .extra: lines.append("\(name) \(key): only in the mirror")
            case .different:
                lines.append("\(name) \(key): differs in \(difference.columns.joined(separator: ", "))")
            }
        }
        let more = UInt64(max(0, parity.differences.count - mostLines))
        if more > 0 { lines.append("\(name): and \(more) more") }
        if parity.unconfirmed > 0 {
            lines.append(
                "\(name): about \(parity.unconfirmed) further rows seem to differ and were not looked at one by one")
        }
        if let behind = parity.behind { lines.append("\(name): \(behind)") }
        return lines
    }

    var json: [UInt8] {
        JSONText.object { out in
            out.member("equal", isEqual)
            out.array("tables") { list in
                for entry in entries { list.object { Self.write(entry, to: &$0) } }
            }
        }
    }

    private static func write(_ entry: Entry, to out: inout JSONText) {
        let parity = entry.parity
        out.member("input", entry.input)
        out.member("sink", entry.sink)
        out.member("schema", parity.table.schema)
        out.member("table", parity.table.name)
        out.member("result", parity.verdict.rawValue)
        out.member("reason", parity.obstacle ?? parity.absence)
        out.member("sourceRows", parity.sourceRows)
        out.member("mirrorRows", parity.mirrorRows)
        out.member("unconfirmed", parity.unconfirmed)
        out.member("unsettled", parity.unsettled)
        out.member("behind", parity.behind)
        out.array("leftOut") { list in for name in parity.leftOut { list.element(name) } }
        out.array("differences") { list in
            for difference in parity.differences {
                list.object { one in
                    one.member("kind", difference.kind.rawValue)
                    one.object("key") { key in
                        for (column, value) in zip(parity.table.keyColumns, difference.key.values) {
                            key.member(parity.table.columns[column].name, value)
                        }
                    }
                    one.array("columns") { list in for name in difference.columns { list.element(name) } }
                }
            }
        }
    }
}
