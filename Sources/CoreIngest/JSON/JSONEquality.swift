/// Equality of values as JSON Schema defines it: numbers by value (1 is 1.0), objects without order, strings by code points.
enum JSONEquality {
    static func equal(_ left: JSONView, _ one: Int, _ right: JSONView, _ other: Int) -> Bool {
        equal(left, left.word(one), one, right, other)
    }

    /// `word` is the left value's; `one` its index on the left tape, which is only looked at for a container.
    static func equal(_ left: JSONView, _ word: JSONWord, _ one: Int, _ right: JSONView, _ other: Int) -> Bool {
        let match = right.word(other)
        switch word.kind {
        case .null, .no, .yes: return match.kind == word.kind
        case .integer, .decimal:
            guard match.isNumber else { return false }
            return JSONDecimal.compare(JSONDecimal(left.raw(word)), JSONDecimal(right.raw(match))) == 0
        case .string, .escapedString:
            guard match.isString else { return false }
            return JSONString.equal(
                left.raw(word), escaped: word.kind == .escapedString, right.raw(match),
                escaped: match.kind == .escapedString)
        case .array:
            guard match.kind == .array, match.count == word.count else { return false }
            var elements = right.elements(other)
            for element in left.elements(one) {
                guard let partner = elements.next(), equal(left, element, right, partner) else { return false }
            }
            return true
        case .object:
            guard match.kind == .object, match.count == word.count else { return false }
            for member in left.members(one) {
                guard let partner = find(right, other, member, of: left), equal(left, member.value, right, partner)
                else {
                    return false
                }
            }
            return true
        }
    }

    private static func find(_ view: JSONView, _ object: Int, _ member: JSONView.Member, of left: JSONView) -> Int? {
        let name = left.word(member.name)
        var found: Int?
        for candidate in view.members(object) where candidate.hash == member.hash {
            let other = view.word(candidate.name)
            if JSONString.equal(
                left.raw(name), escaped: name.kind == .escapedString, view.raw(other),
                escaped: other.kind == .escapedString)
            {
                found = candidate.value
            }
        }
        return found
    }

    /// Whether no two elements of an array are equal. By hash, seeded per process: O(n log n), also for hostile input.
    static func areUnique(_ view: JSONView, _ array: Int) -> Bool {
        var hashed: [(hash: Int, value: Int)] = []
        hashed.reserveCapacity(view.count(array))
        for element in view.elements(array) {
            var hasher = Hasher()
            hash(view, element, into: &hasher, depth: 0)
            hashed.append((hasher.finalize(), element))
        }
        hashed.sort { $0.hash < $1.hash }
        for index in hashed.indices {
            var other = index + 1
            while other < hashed.count, hashed[other].hash == hashed[index].hash {
                if equal(view, hashed[index].value, view, hashed[other].value) { return false }
                other += 1
            }
        }
        return true
    }

    /// Beyond this depth hashes do not look, so that no value uses up the stack.
    private static let hashedDepth = 64

    private static func hash(_ view: JSONView, _ value: Int, into hasher: inout Hasher, depth: Int) {
        let word = view.word(value)
        if depth > hashedDepth {
            return
        }
        switch word.kind {
        case .null, .no, .yes: hasher.combine(word.kind)
        case .integer, .decimal:
            let number = JSONDecimal(view.raw(word))
            hasher.combine(number.isNegative && !number.isZero)
            hasher.combine(number.exponent)
            hasher.combine(number.significand)
        case .string, .escapedString:
            if word.kind == .string {
                hasher.combine(bytes: view.raw(word))
            } else {
                var arena = ByteArena(capacity: word.length)
                JSONString.unescape(view.raw(word), into: &arena)
                hasher.combine(bytes: arena.bytes)
            }
        case .array:
            hasher.combine(word.count)
            for element in view.elements(value) { hash(view, element, into: &hasher, depth: depth + 1) }
        case .object:
            // Without order: the members' own hashes are added.
            var sum = 0
            for member in view.members(value) {
                var inner = Hasher()
                inner.combine(member.hash)
                hash(view, member.value, into: &inner, depth: depth + 1)
                sum &+= inner.finalize()
            }
            hasher.combine(word.count)
            hasher.combine(sum)
        }
    }
}
