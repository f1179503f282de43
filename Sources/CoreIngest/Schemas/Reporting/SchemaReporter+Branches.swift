/// `anyOf` and `oneOf`.
extension SchemaReporter {
    mutating func checkBranches(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        evaluator.begin(view.bytes)
        let passes = evaluator.passes(
            program, program.byTag(instruction), view.word(value), value, view, partial: partial)
        if passes && !isExhaustive { return }
        let before = failures
        var branches: [[SchemaFailure]] = []
        for index in Int(instruction.a)..<Int(instruction.b) where branchesLeft > 0 {
            branchesLeft -= 1
            failures = []
            check(program.branches[index], from: instruction, value, partial: partial)
            branches.append(failures)
        }
        failures = before
        if passes { return }
        let count = Int(instruction.b - instruction.a)
        let matches = branches.count { $0.isEmpty }
        if isExhaustive { failures += branches.joined() }
        if matches > 0 {
            return fail(
                instruction, value, expected: "exactly one of \(count) schemas",
                "matches \(matches) of \(count) schemas, not exactly one")
        }
        guard !isExhaustive, branches.count == count, let closest = SchemaAlternatives(branches, at: at.place) else {
            return fail(instruction, value, expected: "one of \(count) schemas", "matches none of \(count) schemas")
        }
        switch closest {
        case .common(let types):
            fail(instruction, value, expected: types, "must be \(types), is \(kind(value))")
        case .discriminator(var failure, let choices):
            failure.keyword = instruction.keyword.name
            failure.schemaPath = "\(at.route)/\(failure.keyword)"
            failure.schemaLocation = location(instruction, "/" + failure.keyword)
            failure.expected =
                "one of " + choices.prefix(16).joined(separator: ", ") + (choices.count > 16 ? ", …" : "")
            failure.message = "\(failure.instancePath) must be \(failure.expected)" + Self.question(failure.suggestion)
            failures.append(failure)
        case .branch(let own):
            let note = " (the closest of \(count) schemas under \(instruction.keyword.name))"
            for failure in own.prefix(reporting.mostFailures - failures.count) {
                var failure = failure
                if !failure.message.hasSuffix(")") { failure.message += note }
                failures.append(failure)
            }
        }
    }
}

/// What to say of several schemas none of which a value matches.
enum SchemaAlternatives {
    /// All fail by the type of the value itself: the types that would do.
    case common(String)
    /// All fail by the value of the same property, which tells them apart: a failure of it, and the values that would do.
    case discriminator(SchemaFailure, [String])
    /// The failures of the schema that comes closest: one whose telling properties are right, then the one with the fewest
    /// failures, then the one that fails deepest.
    case branch([SchemaFailure])

    /// `place`: of the value. Nil when there is no branch.
    init?(_ branches: [[SchemaFailure]], at place: String) {
        guard let first = branches.first, !first.isEmpty else { return nil }
        let own = branches.map { failures in failures.first { $0.keyword == "type" && $0.instancePath == place } }
        if own.allSatisfy({ $0 != nil }) {
            let types = own.flatMap { $0?.expected.split(separator: " or ").map(String.init) ?? [] }
            self = .common(Self.distinct(types).joined(separator: " or "))
            return
        }
        for candidate in first where Self.tells(candidate, at: place) {
            let all = branches.map { failures in
                failures.first { Self.tells($0, at: place) && $0.instancePath == candidate.instancePath }
            }
            guard branches.count > 1, all.allSatisfy({ $0 != nil }) else { continue }
            var failure = candidate
            failure.suggestion = all.compactMap { $0?.suggestion }.first
            self = .discriminator(failure, Self.distinct(all.flatMap { $0?.choices ?? [] }))
            return
        }
        let closest = branches.min { Self.rank($0, place) < Self.rank($1, place) }
        self = .branch(closest ?? first)
    }

    /// Whether a failure is that of a property of the value, by which schemas are told apart.
    private static func tells(_ failure: SchemaFailure, at place: String) -> Bool {
        guard failure.keyword == "const" || failure.keyword == "enum",
            failure.instancePath.utf8.count > place.utf8.count
        else { return false }
        return !failure.instancePath.dropFirst(place.count + 1).contains("/")
    }

    private static func rank(_ failures: [SchemaFailure], _ place: String) -> (Int, Int, Int) {
        let isOfOtherType = failures.contains { $0.keyword == "type" && $0.instancePath == place }
        let isTold = failures.contains { tells($0, at: place) }
        let depth = failures.map { $0.instancePath.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0
        return (isOfOtherType ? 2 : isTold ? 1 : 0, failures.count, -depth)
    }

    private static func distinct(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
