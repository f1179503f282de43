extension PatternTree {
    /// The same language with less in it: no captures where nothing refers to them, sequences in sequences and
    /// alternatives of single characters joined.
    func simplified(keepsCaptures: Bool) -> PatternTree {
        switch self {
        case .set, .start, .end, .wordBoundary, .notWordBoundary, .reference: return self
        case .capture(let body, let number):
            let body = body.simplified(keepsCaptures: keepsCaptures)
            return keepsCaptures ? .capture(body, number) : body
        case .look(let body, let look): return .look(body.simplified(keepsCaptures: keepsCaptures), look)
        case .repetition(let body, let count, let captures):
            if count.most == 0 { return .empty }
            let body = body.simplified(keepsCaptures: keepsCaptures)
            if body == .empty { return .empty }
            return count.least == 1 && count.most == 1 ? body : .repetition(body, count, captures)
        case .sequence(let parts):
            var flat: [PatternTree] = []
            for part in parts {
                let part = part.simplified(keepsCaptures: keepsCaptures)
                if case .sequence(let inner) = part { flat += inner } else { flat.append(part) }
            }
            return flat.count == 1 ? flat[0] : .sequence(flat)
        case .alternatives(let parts):
            var flat: [PatternTree] = []
            for part in parts {
                let part = part.simplified(keepsCaptures: keepsCaptures)
                if case .alternatives(let inner) = part { flat += inner } else { flat.append(part) }
            }
            return Self.joined(flat)
        }
    }

    private static func joined(_ parts: [PatternTree]) -> PatternTree {
        if parts.count == 1 { return parts[0] }
        var ranges: [ScalarSet.Range] = []
        for part in parts {
            guard case .set(let set) = part else { return .alternatives(parts) }
            ranges += set.ranges
        }
        return .set(ScalarSet(ranges))
    }
}
