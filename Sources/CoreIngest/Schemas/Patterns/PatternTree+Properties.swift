/// What a tree says about the texts that it takes.
extension PatternTree {
    /// Whether it can take the empty text. `atStart`, `atEnd`: whether `^` and `$` hold there.
    func isNullable(atStart: Bool, atEnd: Bool) -> Bool {
        switch self {
        case .set, .wordBoundary, .notWordBoundary, .look, .reference: false
        case .start: atStart
        case .end: atEnd
        case .sequence(let parts): parts.allSatisfy { $0.isNullable(atStart: atStart, atEnd: atEnd) }
        case .alternatives(let parts): parts.contains { $0.isNullable(atStart: atStart, atEnd: atEnd) }
        case .repetition(let body, let count, _):
            count.least == 0 || body.isNullable(atStart: atStart, atEnd: atEnd)
        case .capture(let body, _): body.isNullable(atStart: atStart, atEnd: atEnd)
        }
    }

    /// Whether a turn of it may take nothing; true in doubt.
    var mayBeEmpty: Bool {
        switch self {
        case .set: false
        case .start, .end, .wordBoundary, .notWordBoundary, .look, .reference: true
        case .sequence(let parts): parts.allSatisfy(\.mayBeEmpty)
        case .alternatives(let parts): parts.contains(where: \.mayBeEmpty)
        case .repetition(let body, let count, _): count.least == 0 || body.mayBeEmpty
        case .capture(let body, _): body.mayBeEmpty
        }
    }

    /// Whether it can begin only where the text does.
    var beginsAtStart: Bool {
        switch self {
        case .start: true
        case .set, .end, .wordBoundary, .notWordBoundary, .reference, .look: false
        case .sequence(let parts): parts.first?.beginsAtStart ?? false
        case .alternatives(let parts): parts.allSatisfy(\.beginsAtStart)
        case .repetition(let body, let count, _): count.least > 0 && body.beginsAtStart
        case .capture(let body, _): body.beginsAtStart
        }
    }

    /// Whether only a search that goes back can decide it: it looks around or refers back.
    var needsBacktracking: Bool {
        switch self {
        case .look, .reference: true
        case .set, .start, .end, .wordBoundary, .notWordBoundary: false
        case .sequence(let parts), .alternatives(let parts): parts.contains(where: \.needsBacktracking)
        case .repetition(let body, _, _), .capture(let body, _): body.needsBacktracking
        }
    }

    var refersBack: Bool {
        switch self {
        case .reference: true
        case .set, .start, .end, .wordBoundary, .notWordBoundary: false
        case .sequence(let parts), .alternatives(let parts): parts.contains(where: \.refersBack)
        case .repetition(let body, _, _), .capture(let body, _), .look(let body, _): body.refersBack
        }
    }
}

extension PatternTree {
    /// The highest number of a group in it.
    var groups: Int {
        switch self {
        case .set, .start, .end, .wordBoundary, .notWordBoundary, .reference: 0
        case .sequence(let parts), .alternatives(let parts): parts.map(\.groups).max() ?? 0
        case .repetition(let body, _, _), .look(let body, _): body.groups
        case .capture(let body, let number): max(number, body.groups)
        }
    }
}

extension PatternTree {
    /// `^(?=a)(?!b)c` as three trees that each begin where the text does, so that none has to go back; whether each must not match.
    /// nil where nothing looks ahead from the beginning.
    var conditions: [(tree: PatternTree, isNegative: Bool)]? {
        guard case .sequence(let parts) = self, parts.first == .start else { return nil }
        var conditions: [(tree: PatternTree, isNegative: Bool)] = []
        for part in parts.dropFirst() {
            guard case .look(let body, let look) = part, look.isAhead else { break }
            conditions.append((Self.fromStart([body]), look.isNegative))
        }
        if conditions.isEmpty { return nil }
        conditions.append((Self.fromStart(parts.dropFirst(1 + conditions.count)), false))
        return conditions
    }

    private static func fromStart(_ parts: some Sequence<PatternTree>) -> PatternTree {
        PatternTree.sequence([.start] + parts).simplified(keepsCaptures: false)
    }
}
