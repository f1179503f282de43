/// What holds for every value of a type, so that no value need be asked. Each answer errs on the side of asking.
extension SchemaProgram {
    private static let mostDepth = 3

    /// Whether every value of a column passes one check.
    func guarantees(_ instruction: SchemaInstruction, for values: ColumnValues, depth: Int = 0) -> Bool {
        values.samples.allSatisfy { passes(instruction, $0) } && holds(instruction, for: values, depth)
    }

    /// Whether every value inside of another, or null, passes a block.
    private func guarantees(_ block: UInt32, inside kind: StreamDescriptor.Kind, _ depth: Int) -> Bool {
        guard depth <= Self.mostDepth, weight(of: block, most: 64) != nil, passes(block, "null") else { return false }
        let values = ColumnValues(kind)
        return values.samples.allSatisfy { passes(block, $0) } && holds(block, for: values, depth)
    }

    private func holds(_ block: UInt32, for values: ColumnValues, _ depth: Int) -> Bool {
        let range = fusedBlocks[Int(block)]
        return (Int(range.start)..<Int(range.end)).allSatisfy { holds(fusedInstructions[$0], for: values, depth) }
    }

    /// As above, for values that are none of the samples.
    private func holds(_ instruction: SchemaInstruction, for values: ColumnValues, _ depth: Int) -> Bool {
        if values.kinds.isEmpty { return true }
        guard depth <= Self.mostDepth else { return false }
        let types = SchemaTypes(mask: instruction.a)
        switch instruction.operation {
        case .type: return values.kinds.allSatisfy(types.contains)
        case .typedString:
            let least = Int(instruction.b & 0xFFFF)
            let most = instruction.b >> 16 == 0xFFFF ? Int.max : Int(instruction.b >> 16)
            return values.kinds.allSatisfy(types.contains)
                && (!values.hasStrings || values.length.lowerBound >= least && values.length.upperBound <= most)
        case .typedNumber:
            let range = ranges[Int(instruction.b)]
            return values.kinds.allSatisfy(types.contains)
                && (!values.hasNumbers
                    || (range.lower == .max || isWithin(range.lower, .minimum, values))
                        && (range.upper == .max || isWithin(range.upper, .maximum, values)))
        case .minLength: return !values.hasStrings || values.length.lowerBound >= Int(instruction.a)
        case .maxLength: return !values.hasStrings || values.length.upperBound <= Int(instruction.a)
        case .format:
            return !values.hasStrings || values.isUUID && SchemaFormat(rawValue: instruction.a) == .uuid
        case .pattern, .content: return !values.hasStrings
        case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum:
            return !values.hasNumbers || isWithin(instruction.a, instruction.operation, values)
        case .multipleOf:
            guard values.hasNumbers else { return true }
            let bound = bounds[Int(instruction.a)]
            return compare(values.step) {
                $0.isMultiple(of: bound.significand, exponent: bound.exponent)
            }
        case .minItems, .maxItems, .uniqueItems, .prefix, .contains, .unevaluatedItems: return !values.has(.array)
        case .items:
            guard values.has(.array) else { return true }
            guard let element = values.element else { return false }
            // An array of the type may have further dimensions.
            return guarantees(instruction.a, inside: element, depth + 1)
                && holds(instruction.a, for: values, depth + 1)
        case .object, .minProperties, .maxProperties, .propertyNames, .dependentRequired, .dependentSchema,
            .unevaluatedProperties:
            return !values.has(.object)
        case .anyOf:
            return (Int(instruction.a)..<Int(instruction.b)).contains { holds(branches[$0], for: values, depth) }
        case .allOf:
            return (Int(instruction.a)..<Int(instruction.b)).allSatisfy { holds(branches[$0], for: values, depth) }
        case .reference: return holds(instruction.a, for: values, depth + 1)
        case .annotation: return true
        case .never, .choice, .constant, .words, .oneOf, .tagged, .not, .conditional: return false
        }
    }

    // MARK: Numbers

    /// Whether all values are on the right side of a bound.
    private func isWithin(_ bound: UInt32, _ operation: SchemaInstruction.Operation, _ values: ColumnValues) -> Bool {
        let limit = JSONDecimal(digits(of: bounds[Int(bound)]))
        let isLower = operation == .minimum || operation == .exclusiveMinimum
        return compare(isLower ? values.least : values.most) { number in
            let order = JSONDecimal.compare(number, limit)
            switch operation {
            case .minimum: return order >= 0
            case .maximum: return order <= 0
            case .exclusiveMinimum: return order > 0
            default: return order < 0
            }
        }
    }

    private func compare(_ digits: String?, _ isRight: (JSONDecimal) -> Bool) -> Bool {
        guard var digits else { return false }
        return digits.withUTF8 { isRight(JSONDecimal(UnsafeRawBufferPointer($0))) }
    }
}
