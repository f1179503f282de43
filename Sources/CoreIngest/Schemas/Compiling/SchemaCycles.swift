/// Chains of references that come back without going into the value: they would never end.
enum SchemaCycles {
    static func refuse(_ parts: SchemaProgram.Parts) throws(SchemaError) {
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: parts.blocks.count)
        for start in parts.blocks.indices where marks[start] == .new {
            var stack: [(block: Int, next: [UInt32])] = [(start, blocksInPlace(of: start, parts))]
            marks[start] = .open
            while let top = stack.indices.last {
                guard let next = stack[top].next.popLast().map(Int.init) else {
                    marks[stack[top].block] = .done
                    stack.removeLast()
                    continue
                }
                switch marks[next] {
                case .done: continue
                case .open:
                    let range = parts.blocks[next]
                    let path = parts.paths[Int(parts.instructions[Int(range.start)].path)]
                    throw SchemaError(
                        .endlessReference, at: path, "a reference leads back to itself without going into the value")
                case .new:
                    marks[next] = .open
                    stack.append((next, blocksInPlace(of: next, parts)))
                }
            }
        }
    }

    /// The blocks that are asked about the same value.
    private static func blocksInPlace(of block: Int, _ parts: SchemaProgram.Parts) -> [UInt32] {
        let range = parts.blocks[block]
        var found: [UInt32] = []
        for instruction in parts.instructions[Int(range.start)..<Int(range.end)] {
            switch instruction.operation {
            case .reference, .not: found.append(instruction.a)
            case .dependentSchema: found.append(instruction.b)
            case .conditional: found += parts.branches[Int(instruction.a)..<Int(instruction.a) + 3]
            case .allOf, .anyOf, .oneOf: found += parts.branches[Int(instruction.a)..<Int(instruction.b)]
            case .never, .type, .choice, .constant, .minLength, .maxLength, .pattern, .format, .content, .minimum,
                .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems,
                .items, .prefix, .contains, .minProperties, .maxProperties, .object, .propertyNames,
                .dependentRequired, .unevaluatedProperties, .unevaluatedItems, .annotation, .typedString,
                .typedNumber, .words, .tagged:
                continue
            }
        }
        return found
    }
}
