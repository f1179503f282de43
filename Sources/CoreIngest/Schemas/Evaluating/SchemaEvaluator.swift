/// Answers whether values pass a program; says nothing of the reasons, which ``SchemaReporter`` finds in a second pass.
///
/// One per thread, used again for payload after payload: its tape and bit sets grow once.
package struct SchemaEvaluator: ~Copyable {
    var reader: JSONReader
    /// A stack of bit sets: the required properties seen of the objects that are being checked.
    var seen: [UInt64] = []
    /// A stack of flags: which members or elements are evaluated, of the containers that are asked for it.
    var evaluated: [Bool] = []
    /// The value of a string with escapes.
    var scratch = ByteArena(capacity: 256)
    private var patternScratch = PatternScratch()
    /// What could not be answered; whoever sees it does not pass.
    var trouble: SchemaTrouble?
    /// How many checks are under way within each other.
    private var depth = 0
    private var steps = Self.leastSteps
    /// Beyond this a value is refused: reading limits its depth, and a schema adds some checks for each level.
    private static let mostDepth = 2048
    /// Checks that hold others, for any payload; a longer one has more.
    private static let leastSteps = 1_000_000
    private static let stepsPerByte = 1_000

    package init(limits: JSONLimits = JSONLimits()) { reader = JSONReader(limits: limits) }

    /// Whether a text is JSON and passes. `partial`: of the root's properties some were not sent, so `required` and
    /// `minProperties` are not asked of it.
    mutating func passes(_ program: SchemaProgram, _ text: UnsafeRawBufferPointer, partial: Bool) -> Bool {
        begin(text)
        do throws(JSONError) {
            if let object = program.flatObject, let verdict = try stream(program, object, text, partial: partial) {
                return verdict && trouble == nil
            }
            let view = try reader.read(text)
            return passes(program, program.root, view.word(0), 0, view, partial: partial) && trouble == nil
        } catch {
            return false
        }
    }

    /// Whether what was read passes. As above, without the reading.
    mutating func passes(_ program: SchemaProgram, _ view: JSONView, partial: Bool) -> Bool {
        begin(view.bytes)
        return passes(program, program.root, view.word(0), 0, view, partial: partial) && trouble == nil
    }

    /// Whether a value of what was read passes, as if it were the whole text.
    mutating func passes(_ program: SchemaProgram, _ value: Int, in view: JSONView) -> Bool {
        begin(view.text(value))
        return passes(program, program.root, view.word(value), value, view, partial: false) && trouble == nil
    }

    /// Takes the measure of a new payload.
    mutating func begin(_ text: UnsafeRawBufferPointer) {
        trouble = nil
        steps = Self.leastSteps &+ text.count &* Self.stepsPerByte
    }

    /// Takes the measure of a row, of which not everything is asked: less than ever would be left for it is left.
    mutating func begin(_ text: UnsafeRawBufferPointer, sparing spared: Int, depth: Int) {
        trouble = nil
        steps = Self.leastSteps &+ text.count &* (Self.stepsPerByte / 2) &- spared
        self.depth = depth
    }

    /// The end of what a row is asked.
    mutating func endSparing() { depth = 0 }

    /// Whether a value passes a block. `value` is its index on the view's tape, looked at for containers only. `partial`
    /// applies to this value, not to what is in it. Where ``trouble`` is set afterwards, the answer says nothing.
    mutating func passes(
        _ program: SchemaProgram, _ block: UInt32, _ word: JSONWord, _ value: Int, _ view: JSONView, partial: Bool
    ) -> Bool {
        let range = program.fusedBlocks[Int(block)]
        var index = Int(range.start)
        let end = Int(range.end)
        while index < end {
            if !passes(program, program.fusedInstructions[index], word, value, view, partial: partial) { return false }
            index &+= 1
        }
        return true
    }

    /// Whether a value passes one check. What most checks are is here, in line; the rest costs a call.
    @inline(__always) mutating func passes(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        switch instruction.operation {
        case .type: return Self.isOf(SchemaTypes(mask: instruction.a), word, view)
        case .typedString:
            guard Self.isOf(SchemaTypes(mask: instruction.a), word, view) else { return false }
            return !word.isString || Self.hasLength(word, instruction.b, view)
        case .typedNumber:
            guard Self.isOf(SchemaTypes(mask: instruction.a), word, view) else { return false }
            guard word.isNumber else { return true }
            let range = program.ranges[Int(instruction.b)]
            if let number = JSONDecimal.small(view.raw(word), word.kind) {
                return number >= range.least && number <= range.most
            }
            return Self.isWithin(program, range, word, view)
        case .object:
            guard word.kind == .object else { return true }
            return members(program, program.objects[Int(instruction.a)], value, view, partial: partial)
        default: return passesOther(program, instruction, word, value, view, partial: partial)
        }
    }

    @inline(never) private mutating func passesOther(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        switch instruction.operation {
        case .type, .typedString, .typedNumber, .object: return true
        case .minLength, .maxLength:
            guard word.isString else { return true }
            let length = JSONString.length(view.raw(word), isEscaped: word.kind == .escapedString)
            return instruction.operation == .minLength ? length >= Int(instruction.a) : length <= Int(instruction.a)
        case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum:
            guard word.isNumber else { return true }
            let order = Self.compare(program, word, with: program.bounds[Int(instruction.a)], view)
            switch instruction.operation {
            case .minimum: return order >= 0
            case .maximum: return order <= 0
            case .exclusiveMinimum: return order > 0
            default: return order < 0
            }
        case .multipleOf:
            guard word.isNumber else { return true }
            let bound = program.bounds[Int(instruction.a)]
            return Self.isMultiple(view.raw(word), word.kind, of: bound)
        case .reference, .allOf, .anyOf, .oneOf, .tagged, .not, .conditional, .dependentSchema:
            guard enter() else { return false }
            let verdict = passesInPlace(program, instruction, word, value, view, partial: partial)
            depth &-= 1
            return verdict
        case .minProperties: return word.kind != .object || partial || word.count >= Int(instruction.a)
        case .maxProperties: return word.kind != .object || word.count <= Int(instruction.a)
        case .propertyNames, .dependentRequired, .unevaluatedProperties:
            guard word.kind == .object, enter() else { return word.kind != .object }
            let verdict = passesObject(program, instruction, value, view, partial: partial)
            depth &-= 1
            return verdict
        case .minItems: return word.kind != .array || word.count >= Int(instruction.a)
        case .maxItems: return word.kind != .array || word.count <= Int(instruction.a)
        case .items, .prefix, .contains, .uniqueItems, .unevaluatedItems:
            guard word.kind == .array, enter() else { return word.kind != .array }
            let verdict = passesArray(program, instruction, value, view)
            depth &-= 1
            return verdict
        case .pattern, .format, .content:
            return !word.isString || passesText(program, instruction, word, view)
        case .annotation: return true
        case .never, .choice, .words, .constant:
            return passesConstants(program, instruction, word, value, view, partial: partial)
        }
    }

    @inline(never) private mutating func passesConstants(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        if instruction.operation == .never { return false }
        if partial && word.kind == .object { return true }
        let constants = program.constants.view
        var end = instruction.operation == .constant ? Int(instruction.a) + 1 : Int(instruction.b)
        if instruction.operation == .words {
            let set = program.wordSets[Int(instruction.b)]
            if word.kind == .string { return program.word(view.raw(word), in: set) != nil }
            end = Int(set.end)
        }
        if word.kind == .string { return Self.isWord(view.raw(word), program, Int(instruction.a)..<end) }
        for index in Int(instruction.a)..<end
        where JSONEquality.equal(view, word, value, constants, Int(program.choices[index])) { return true }
        return false
    }

    /// Whether a text without escapes is one of the choices. Most are told apart by their lengths and last bytes.
    private static func isWord(
        _ text: UnsafeRawBufferPointer, _ program: SchemaProgram, _ choices: Range<Int>
    ) -> Bool {
        let constants = program.constants.view
        let last = text.last
        for index in choices {
            let word = constants.word(Int(program.choices[index]))
            guard word.isString else { continue }
            let other = constants.raw(word)
            if word.kind == .escapedString {
                if JSONString.equal(text, escaped: false, other, escaped: true) { return true }
            } else if other.count == text.count, other.last == last, JSONString.same(text, other) {
                return true
            }
        }
        return false
    }

    @inline(never) private mutating func passesText(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ view: JSONView
    ) -> Bool {
        var text = view.raw(word)
        if word.kind == .escapedString {
            scratch.truncate(to: 0)
            JSONString.unescape(text, into: &scratch)
            text = scratch.bytes
        }
        switch instruction.operation {
        case .pattern: return matches(program, instruction.a, text)
        case .format: return SchemaFormat(rawValue: instruction.a)?.matches(text) ?? true
        default: return SchemaContent(rawValue: instruction.a).matches(text)
        }
    }

    /// Whether a text matches a pattern; when that takes too long, no, with ``trouble``.
    mutating func matches(_ program: SchemaProgram, _ pattern: UInt32, _ text: UnsafeRawBufferPointer) -> Bool {
        switch program.patterns[Int(pattern)].match(text, using: &patternScratch) {
        case .matches: return true
        case .differs: return false
        case .exhausted:
            trouble = trouble ?? .pattern
            return false
        }
    }

    /// Whether a name matches a pattern.
    mutating func matches(_ program: SchemaProgram, _ pattern: UInt32, _ name: JSONWord, _ view: JSONView) -> Bool {
        guard name.kind == .escapedString else { return matches(program, pattern, view.raw(name)) }
        scratch.truncate(to: 0)
        JSONString.unescape(view.raw(name), into: &scratch)
        return matches(program, pattern, scratch.bytes)
    }

    /// False when there is no room for another check; leave by taking one from ``depth``.
    @inline(__always) mutating func enter() -> Bool {
        steps &-= 1
        if depth >= Self.mostDepth || steps < 0 {
            trouble = trouble ?? (steps < 0 ? .steps : .depth)
            return false
        }
        depth &+= 1
        return true
    }

    @inline(__always) mutating func leave() { depth &-= 1 }

    // MARK: Scalars

    @inline(__always) static func isOf(_ types: SchemaTypes, _ word: JSONWord, _ view: JSONView) -> Bool {
        if types.contains(word.kind) { return true }
        guard word.kind == .decimal, types.mask & SchemaTypes.wholeDecimals != 0 else { return false }
        return JSONDecimal(view.raw(word)).isWhole
    }

    /// Whether a string is as long as is asked: the lower bound in the low half. Most need no counting of code points.
    @inline(__always) private static func hasLength(_ word: JSONWord, _ bounds: UInt32, _ view: JSONView) -> Bool {
        let least = Int(bounds & 0xFFFF)
        let most = bounds >> 16 == 0xFFFF ? Int.max : Int(bounds >> 16)
        // The longest way to write a code point is twelve bytes, `\uD83D\uDE00`.
        if word.length <= most && word.length >= least * 12 { return true }
        return countsWithin(word, least, most, view)
    }

    @inline(never) private static func countsWithin(_ word: JSONWord, _ least: Int, _ most: Int, _ view: JSONView)
        -> Bool
    {
        let length = JSONString.length(view.raw(word), isEscaped: word.kind == .escapedString)
        return length >= least && length <= most
    }

    @inline(never) private static func isWithin(
        _ program: SchemaProgram, _ range: SchemaRange, _ word: JSONWord, _ view: JSONView
    ) -> Bool {
        let number = JSONDecimal(view.raw(word))
        func compare(_ bound: UInt32) -> Int {
            JSONDecimal.compare(number, JSONDecimal(program.digits(of: program.bounds[Int(bound)])))
        }
        if range.lower != .max && compare(range.lower) < 0 { return false }
        return range.upper == .max || compare(range.upper) <= 0
    }

    /// -1, 0 or 1, as the number is less than, equal to or greater than the bound.
    @inline(__always) private static func compare(
        _ program: SchemaProgram, _ word: JSONWord, with bound: SchemaBound, _ view: JSONView
    ) -> Int {
        if bound.isSmall, let number = JSONDecimal.small(view.raw(word), word.kind) {
            return number < bound.small ? -1 : number == bound.small ? 0 : 1
        }
        return JSONDecimal.compare(JSONDecimal(view.raw(word)), JSONDecimal(program.digits(of: bound)))
    }

    private static func isMultiple(_ digits: UnsafeRawBufferPointer, _ kind: JSONWord.Kind, of bound: SchemaBound)
        -> Bool
    {
        if bound.isSmall, bound.small > 0, let number = JSONDecimal.small(digits, kind) {
            return number % bound.small == 0
        }
        return JSONDecimal(digits).isMultiple(of: bound.significand, exponent: bound.exponent)
    }
}
