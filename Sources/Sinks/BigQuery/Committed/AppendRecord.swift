import CoreIngest

/// What is written down of a table before rows are appended to it: enough to find out after a crash whether they were.
///
/// As lines of `key=value`, so that it can be read with the `sqlite3` shell.
struct AppendRecord: Equatable {
    /// Rows on their way.
    struct Pending: Equatable {
        /// How many they are.
        var rows: Int
        var last: LastRow
        /// What holds once they are in the table.
        var after: AppendedPositions
    }

    /// The last of some rows: appended with the others, or not at all.
    struct LastRow: Equatable {
        var source: SourceIdentity
        var position: Position
        var receivedAt: Int64
    }

    /// The stream that was written to last, by its whole name; empty where there was none.
    var stream = ""
    /// How many rows the stream has without the pending ones.
    var offset: Int64 = 0
    /// What holds without the pending rows.
    var positions = AppendedPositions()
    var pending: Pending?
}

extension AppendRecord {
    var text: String {
        var text = "format=1\nstream=\(stream)\noffset=\(offset)\n" + Self.lines("appended", positions)
        if let pending {
            let last = pending.last
            text += "rows=\(pending.rows)\n"
            text +=
                "last=\(Self.history(last.source)) \(Self.text(last.position)) \(last.receivedAt) \(last.source.name)\n"
            text += Self.lines("pending", pending.after)
        }
        return text
    }

    private static func lines(_ key: String, _ positions: AppendedPositions) -> String {
        positions.reached.map { source, reached in
            let refused = reached.refused.sorted().map(text).joined(separator: ",")
            return
                "\(key)=\(history(source)) \(text(reached.position)) \(refused.isEmpty ? "-" : refused) \(source.name)\n"
        }.sorted().joined()
    }

    private static func history(_ source: SourceIdentity) -> String {
        "\(source.systemIdentifier) \(source.generation)"
    }

    private static func text(_ position: Position) -> String { "\(position.commit)/\(position.ordinal)" }

    /// Nil where the text is none of ``text``.
    init?(_ text: String) {
        var rows: Int?
        var last: LastRow?
        var appended: [SourceIdentity: AppendedPositions.Reached] = [:]
        var pending: [SourceIdentity: AppendedPositions.Reached] = [:]
        var format: Substring?
        for line in text.split(separator: "\n") {
            let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { return nil }
            switch sides[0] {
            case "format": format = sides[1]
            case "stream": stream = String(sides[1])
            case "offset":
                guard let value = Int64(sides[1]), value >= 0 else { return nil }
                offset = value
            case "rows":
                guard let value = Int(sides[1]), value > 0 else { return nil }
                rows = value
            case "last":
                guard let value = Self.lastRow(sides[1]) else { return nil }
                last = value
            case "appended":
                guard let (source, reached) = Self.reached(sides[1]) else { return nil }
                appended[source] = reached
            case "pending":
                guard let (source, reached) = Self.reached(sides[1]) else { return nil }
                pending[source] = reached
            default: return nil
            }
        }
        guard format == "1", (rows == nil) == (last == nil), rows == nil || !stream.isEmpty else { return nil }
        positions = AppendedPositions(appended)
        if let rows, let last { self.pending = Pending(rows: rows, last: last, after: AppendedPositions(pending)) }
    }

    /// System identifier, generation, position, something else, and the source's name, which may hold blanks.
    private static func parts(_ text: Substring) -> (SourceIdentity, Position, Substring)? {
        let words = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
        guard words.count == 5, let system = UInt64(words[0]), let generation = UInt64(words[1]),
            let position = position(words[2])
        else { return nil }
        let source = SourceIdentity(name: String(words[4]), systemIdentifier: system, generation: generation)
        return (source, position, words[3])
    }

    private static func lastRow(_ text: Substring) -> LastRow? {
        guard let (source, position, received) = parts(text), let receivedAt = Int64(received) else { return nil }
        return LastRow(source: source, position: position, receivedAt: receivedAt)
    }

    private static func reached(_ text: Substring) -> (SourceIdentity, AppendedPositions.Reached)? {
        guard let (source, position, list) = parts(text) else { return nil }
        var reached = AppendedPositions.Reached(position: position)
        if list != "-" {
            for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
                guard let refused = Self.position(entry) else { return nil }
                reached.refused.insert(refused)
            }
        }
        return (source, reached)
    }

    private static func position(_ text: Substring) -> Position? {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let commit = UInt64(halves[0]), let ordinal = UInt64(halves[1]) else { return nil }
        return Position(commit: commit, ordinal: ordinal)
    }
}
