import CoreIngest

/// What checking many lines found: lines that fail in the same way are one group.
struct ValidationSummary {
    struct Group {
        let key: String
        /// The first line that failed so: its place and its leading failure.
        let place: String
        let first: SchemaFailure
        var count = 1
    }

    private(set) var lines = 0
    private(set) var invalid = 0
    private var groups: [String: Group] = [:]
    /// Lines whose group was not kept, because there were too many.
    private(set) var ungrouped = 0
    private static let mostGroups = 10_000

    mutating func addValid() { lines += 1 }

    mutating func addInvalid(_ report: SchemaReport, at place: @autoclosure () -> String) {
        lines += 1
        invalid += 1
        let key = report.groupKey
        if groups[key] != nil {
            groups[key]?.count += 1
        } else if groups.count < Self.mostGroups, let first = report.leading {
            groups[key] = Group(key: key, place: place(), first: first)
        } else {
            ungrouped += 1
        }
    }

    /// The largest first.
    var sorted: [Group] { groups.values.sorted { ($1.count, $0.key) < ($0.count, $1.key) } }

    /// One line.
    var text: String {
        if invalid == 0 { return lines == 1 ? "1 line, valid" : "\(lines) lines, all valid" }
        let more = ungrouped > 0 ? " and more" : ""
        return
            "\(invalid) of \(lines) lines are invalid, in \(groups.count) group\(groups.count == 1 ? "" : "s")\(more)"
    }

    /// At most so many groups.
    func table(most: Int) -> String {
        var table = TextTable([
            ("count", .right), ("first", .left), ("group", .left), ("schema path", .left), ("error", .left),
        ])
        for group in sorted.prefix(most) {
            table.append("\(group.count)", group.place, group.key, group.first.schemaPath, group.first.message)
        }
        return table.text
    }

    func json(schema: String) -> [UInt8] {
        JSONText.object { text in
            text.member("schema", schema)
            text.member("lines", lines)
            text.member("invalid", invalid)
            text.array("groups") { text in
                for group in sorted {
                    text.object { text in
                        text.member("group", group.key)
                        text.member("count", group.count)
                        text.member("first", group.place)
                        text.member("instancePath", group.first.instancePath)
                        text.member("keyword", group.first.keyword)
                        text.member("schemaPath", group.first.schemaPath)
                        text.member("message", group.first.message)
                    }
                }
            }
        }
    }
}
