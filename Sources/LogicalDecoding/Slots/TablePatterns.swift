/// Which tables are wanted: `schema.table` patterns, where `*` stands for any run of characters and `!` leaves out.
///
/// A table is wanted when a pattern matches its whole name and no pattern with `!` does, whatever their order. A pattern
/// without a dot means a table of `public`. Names are compared as the catalog has them, without quotes, and scalar by scalar:
/// a combining mark after the dot does not hide it.
package struct TablePatterns: Sendable, Equatable {
    private let wanted: [[Unicode.Scalar]]
    private let unwanted: [[Unicode.Scalar]]

    package init(_ patterns: [String]) {
        var wanted: [[Unicode.Scalar]] = []
        var unwanted: [[Unicode.Scalar]] = []
        for pattern in patterns {
            let isUnwanted = pattern.unicodeScalars.first == "!"
            let name = Array(pattern.unicodeScalars.dropFirst(isUnwanted ? 1 : 0))
            let whole = name.contains(".") || name == ["*"] ? name : "public.".unicodeScalars + name
            if isUnwanted { unwanted.append(whole) } else { wanted.append(whole) }
        }
        // Only exceptions: all the rest is wanted.
        if wanted.isEmpty, !unwanted.isEmpty { wanted.append(["*"]) }
        self.wanted = wanted
        self.unwanted = unwanted
    }

    package func matches(schema: String, table: String) -> Bool {
        let name = Array("\(schema).\(table)".unicodeScalars)
        return wanted.contains { Self.matches($0, name) } && !unwanted.contains { Self.matches($0, name) }
    }

    /// O(pattern × name) at worst: after a mismatch only the last `*` is tried again.
    private static func matches(_ pattern: [Unicode.Scalar], _ name: [Unicode.Scalar]) -> Bool {
        var patternIndex = 0
        var nameIndex = 0
        var star: (pattern: Int, name: Int)?
        while nameIndex < name.count {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                star = (patternIndex, nameIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count, pattern[patternIndex] == name[nameIndex] {
                patternIndex += 1
                nameIndex += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                patternIndex = last.pattern + 1
                nameIndex = last.name + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == "*" }
    }
}
