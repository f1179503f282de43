/// Answers whether values pass a program; says nothing of the reasons, which ``SchemaReporter`` finds in a second pass.
///
/// One per thread, used again for payload after payload: its tape and bit sets grow once.
package struct SchemaEvaluator: ~Copyable {
    var reader: JSONReader
    /// A stack of bit sets: the required properties seen of the objects that are being checked.
    private var seen: [UInt64] = []
    /// How many checks are under way within each other.
    private var depth = 0
    /// Beyond this a value is refused: reading limits its depth, and a schema adds some checks for each level.
    private static let mostDepth = 2048

    package init(limits: JSONLimits = JSONLimits()) { reader = JSONReader(limits: limits) }

    /// Whether a text is JSON and passes. `partial`: of the root's properties some were not sent, so `required` and
    /// `minProperties` are not asked of it.
    mutating func passes(_ program: SchemaProgram, _ text: UnsafeRawBufferPointer, partial: Bool) -> Bool {
        do throws(JSONError) {
            if let object = program.flatObject, let verdict = try stream(program, object, text, partial: partial) {
                return verdict
            }
            let view = try reader.read(text)
            return passes(program, program.root, view.word(0), 0, view, partial: partial)
        } catch {
            return false
        }
    }

    /// Whether a value passes a block. `value` is its index on the view's tape, looked at for containers only. `partial`
    /// applies to this value, not to what is in it.
    mutating func passes(
        _ program: SchemaProgram, _ block: UInt32, _ word: JSONWord, _ value: Int, _ view: JSONView, partial: Bool
    ) -> Bool {
        let range = program.blocks[Int(block)]
        var index = Int(range.start)
        let end = Int(range.end)
        while index < end {
            if !passes(program, program.instructions[index], word, value, view, partial: partial) { return false }
            index &+= 1
        }
        return true
    }

    /// Whether a value passes one check.
    @inline(__always) mutating func passes(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        switch instruction.operation {
        case .type: return Self.isOf(SchemaTypes(mask: instruction.a), word, view)
        case .maxLength:
            guard word.isString, word.length > Int(instruction.a) else { return true }
            return JSONString.length(view.raw(word), isEscaped: word.kind == .escapedString) <= Int(instruction.a)
        case .minLength:
            guard word.isString else { return true }
            return JSONString.length(view.raw(word), isEscaped: word.kind == .escapedString) >= Int(instruction.a)
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
        case .object:
            guard word.kind == .object else { return true }
            return members(program, program.objects[Int(instruction.a)], value, view, partial: partial)
        case .never, .choice, .constant, .minItems, .maxItems, .uniqueItems, .items, .minProperties, .maxProperties,
            .allOf,
            .anyOf, .oneOf, .not, .reference, .format:
            return passesRare(program, instruction, word, value, view, partial: partial)
        }
    }

    private mutating func passesRare(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        switch instruction.operation {
        case .never: return false
        case .choice:
            if partial && word.kind == .object { return true }
            let own = program.document.view
            for index in Int(instruction.a)..<Int(instruction.b) {
                if JSONEquality.equal(view, word, value, own, Int(program.choices[index])) { return true }
            }
            return false
        case .constant:
            if partial && word.kind == .object { return true }
            return JSONEquality.equal(view, word, value, program.document.view, Int(instruction.a))
        case .minItems: return word.kind != .array || word.count >= Int(instruction.a)
        case .maxItems: return word.kind != .array || word.count <= Int(instruction.a)
        case .uniqueItems: return word.kind != .array || JSONEquality.areUnique(view, value)
        case .items:
            guard word.kind == .array else { return true }
            guard enter() else { return false }
            defer { depth -= 1 }
            for element in view.elements(value)
            where !passes(program, instruction.a, view.word(element), element, view, partial: false) { return false }
            return true
        case .minProperties: return word.kind != .object || partial || word.count >= Int(instruction.a)
        case .maxProperties: return word.kind != .object || word.count <= Int(instruction.a)
        case .allOf, .anyOf, .oneOf, .not, .reference:
            guard enter() else { return false }
            defer { depth -= 1 }
            return passesBranches(program, instruction, word, value, view, partial: partial)
        case .format:
            guard word.isString, let format = SchemaFormat(rawValue: instruction.a) else { return true }
            if word.kind == .string { return format.matches(view.raw(word)) }
            var arena = ByteArena(capacity: word.length)
            JSONString.unescape(view.raw(word), into: &arena)
            return format.matches(arena.bytes)
        case .type, .minLength, .maxLength, .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf,
            .object:
            return true
        }
    }

    private mutating func passesBranches(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        switch instruction.operation {
        case .not: return !passes(program, instruction.a, word, value, view, partial: partial)
        case .reference: return passes(program, instruction.a, word, value, view, partial: partial)
        default: break
        }
        var matches = 0
        for index in Int(instruction.a)..<Int(instruction.b) {
            let isMatch = passes(program, program.branches[index], word, value, view, partial: partial)
            if isMatch { matches += 1 }
            if instruction.operation == .allOf && !isMatch { return false }
            if instruction.operation == .anyOf && isMatch { return true }
            if instruction.operation == .oneOf && matches > 1 { return false }
        }
        return instruction.operation == .allOf || instruction.operation == .oneOf && matches == 1
    }

    private mutating func enter() -> Bool {
        if depth >= Self.mostDepth { return false }
        depth += 1
        return true
    }

    /// `properties`, `required` and `additionalProperties`. Every occurrence of a name that comes twice is checked.
    private mutating func members(
        _ program: SchemaProgram, _ object: SchemaObject, _ value: Int, _ view: JSONView, partial: Bool
    ) -> Bool {
        guard enter() else { return false }
        let base = seen.count
        let words = object.requiredCount == 0 || partial ? 0 : (Int(object.count) + 63) / 64
        for _ in 0..<words { seen.append(0) }
        defer {
            seen.removeLast(words)
            depth -= 1
        }
        var required = 0
        for member in view.members(value) {
            let name = view.word(member.name)
            var block = object.additional
            if let index = program.property(object, hash: member.hash, name: name, in: view) {
                let property = program.properties[index]
                if property.isDeclared { block = property.block }
                if words > 0 && property.isRequired {
                    let bit = index - Int(object.first)
                    let mask: UInt64 = 1 << UInt64(bit & 63)
                    if seen[base + (bit >> 6)] & mask == 0 {
                        seen[base + (bit >> 6)] |= mask
                        required += 1
                    }
                }
            }
            if !passes(program, block, view.word(member.value), member.value, view, partial: false) { return false }
        }
        return words == 0 || required == Int(object.requiredCount)
    }

    // MARK: Scalars

    @inline(__always) static func isOf(_ types: SchemaTypes, _ word: JSONWord, _ view: JSONView) -> Bool {
        if types.contains(word.kind) { return true }
        guard word.kind == .decimal, types.mask & SchemaTypes.wholeDecimals != 0 else { return false }
        return JSONDecimal(view.raw(word)).isWhole
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
