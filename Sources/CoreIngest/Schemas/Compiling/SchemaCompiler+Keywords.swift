extension SchemaCompiler {
    /// Keywords of some dialect that this engine does not check, and the first dialect that knows them.
    private static let unsupported: [(keyword: String, from: SchemaDialect, upTo: SchemaDialect)] = [
        ("pattern", .draft4, .draft2020), ("patternProperties", .draft4, .draft2020),
        ("dependencies", .draft4, .draft7), ("propertyNames", .draft6, .draft2020), ("contains", .draft6, .draft2020),
        ("if", .draft7, .draft2020), ("then", .draft7, .draft2020), ("else", .draft7, .draft2020),
        ("dependentRequired", .draft2019, .draft2020), ("dependentSchemas", .draft2019, .draft2020),
        ("unevaluatedItems", .draft2019, .draft2020), ("unevaluatedProperties", .draft2019, .draft2020),
        ("minContains", .draft2019, .draft2020), ("maxContains", .draft2019, .draft2020),
        ("$recursiveRef", .draft2019, .draft2019), ("$dynamicRef", .draft2020, .draft2020),
        ("prefixItems", .draft2020, .draft2020),
    ]

    func refuseUnsupported(_ schema: Int, _ path: String) throws(SchemaError) {
        for member in view.members(schema) {
            guard let name = view.string(member.name) else { continue }
            for entry in Self.unsupported where entry.keyword == name && entry.from <= dialect && dialect <= entry.upTo
            {
                throw SchemaError(
                    .unsupportedKeyword, at: path, "the keyword '\(name)' is not supported; take it out of the schema")
            }
        }
    }

    // MARK: Any value

    mutating func compileValueKeywords(_ schema: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        if let value = view.member(schema, named: "type") {
            var types = SchemaTypes()
            var names: [String?] = [view.string(value)]
            if view.kind(value) == .array { names = view.elements(value).map { view.string($0) } }
            for name in names {
                guard let name, types.insert(name, wholeDecimals: dialect.integersMayHaveFraction) else {
                    throw malformed("type", "one of \(SchemaTypes.names.joined(separator: ", ")), or several", list)
                }
            }
            if options.trustsNullabilityAndLabels { _ = types.insert("null", wholeDecimals: false) }
            list.add(.type, types.mask)
        }
        if dialect >= .draft6, let value = view.member(schema, named: "const") { list.add(.constant, UInt32(value)) }
        if let value = view.member(schema, named: "enum") {
            guard view.kind(value) == .array else { throw malformed("enum", "an array", list) }
            // Beside a type the labels are the server's; alone, they are those of numbers that are none.
            if options.trustsNullabilityAndLabels && view.member(schema, named: "type") != nil { return }
            let start = UInt32(parts.choices.count)
            parts.choices += view.elements(value).map { UInt32($0) }
            list.add(.choice, start, UInt32(parts.choices.count))
        }
    }

    // MARK: Numbers

    mutating func compileNumberKeywords(_ schema: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        var lower = SchemaInstruction.Operation.minimum
        var upper = SchemaInstruction.Operation.maximum
        if dialect == .draft4 {
            if let flag = view.member(schema, named: "exclusiveMinimum") {
                guard let isSet = view.boolean(flag) else {
                    throw malformed("exclusiveMinimum", "a boolean in draft 4", list)
                }
                if isSet { lower = .exclusiveMinimum }
            }
            if let flag = view.member(schema, named: "exclusiveMaximum") {
                guard let isSet = view.boolean(flag) else {
                    throw malformed("exclusiveMaximum", "a boolean in draft 4", list)
                }
                if isSet { upper = .exclusiveMaximum }
            }
        } else {
            try addBound("exclusiveMinimum", .exclusiveMinimum, schema, &list)
            try addBound("exclusiveMaximum", .exclusiveMaximum, schema, &list)
        }
        try addBound("minimum", lower, schema, &list)
        try addBound("maximum", upper, schema, &list)
        try addBound("multipleOf", .multipleOf, schema, &list)
    }

    private mutating func addBound(
        _ keyword: String, _ operation: SchemaInstruction.Operation, _ schema: Int, _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        guard let value = view.member(schema, named: keyword) else { return }
        guard let digits = view.number(value) else { throw malformed(keyword, "a number", list) }
        let word = view.word(value)
        let decimal = JSONDecimal(digits)
        let small = word.kind == .integer ? Int64(String(decoding: digits, as: UTF8.self)) : nil
        var bound = SchemaBound(
            small: small ?? 0, isSmall: small != nil, text: ByteRange(offset: word.offset, count: word.length),
            significand: 0,
            exponent: decimal.exponent)
        if operation == .multipleOf {
            guard !decimal.isNegative, !decimal.isZero else { throw malformed(keyword, "greater than 0", list) }
            guard let significand = decimal.significand else {
                throw SchemaError(.tooLarge, at: list.pointer, "multipleOf has more than 19 digits")
            }
            bound.significand = significand
        }
        parts.bounds.append(bound)
        list.add(operation, UInt32(parts.bounds.count - 1))
    }

    // MARK: Strings

    mutating func compileStringKeywords(_ schema: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        if let least = try size("minLength", schema, list), least > 0 { list.add(.minLength, least) }
        if let most = try size("maxLength", schema, list) { list.add(.maxLength, most) }
        if assertsFormats, let value = view.member(schema, named: "format") {
            guard let name = view.string(value) else { throw malformed("format", "a string", list) }
            if let format = SchemaFormat(name: name, dialect: dialect) { list.add(.format, format.rawValue) }
        }
    }

    // MARK: Arrays

    mutating func compileArrayKeywords(_ schema: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        if let least = try size("minItems", schema, list), least > 0 { list.add(.minItems, least) }
        if let most = try size("maxItems", schema, list) { list.add(.maxItems, most) }
        if let value = view.member(schema, named: "uniqueItems") {
            guard let isSet = view.boolean(value) else { throw malformed("uniqueItems", "a boolean", list) }
            if isSet { list.add(.uniqueItems) }
        }
        if let value = view.member(schema, named: "items") {
            if view.kind(value) == .array {
                throw SchemaError(
                    .unsupportedKeyword, at: list.pointer,
                    "'items' with a schema per position is not supported; give one schema")
            }
            let block = try compile(value, list.pointer + "/items")
            if block != SchemaBlock.always { list.add(.items, block) }
        }
    }

    // MARK: Several schemas for one value

    mutating func compileApplicators(_ schema: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        try addBranches("allOf", .allOf, schema, &list)
        try addBranches("anyOf", .anyOf, schema, &list)
        try addBranches("oneOf", .oneOf, schema, &list)
        if let value = view.member(schema, named: "not") { list.add(.not, try compile(value, list.pointer + "/not")) }
    }

    private mutating func addBranches(
        _ keyword: String, _ operation: SchemaInstruction.Operation, _ schema: Int, _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        guard let value = view.member(schema, named: keyword) else { return }
        guard view.kind(value) == .array, view.count(value) > 0 else {
            throw malformed(keyword, "an array of schemas that is not empty", list)
        }
        var blocks: [UInt32] = []
        for element in view.elements(value) {
            blocks.append(try compile(element, "\(list.pointer)/\(keyword)/\(blocks.count)"))
        }
        let start = UInt32(parts.branches.count)
        parts.branches += blocks
        list.add(operation, start, UInt32(parts.branches.count))
    }

    // MARK: Words

    /// A whole number that is not negative, however it is written; past 32 bits it is held there.
    func size(_ keyword: String, _ schema: Int, _ list: SchemaInstructionList) throws(SchemaError) -> UInt32? {
        guard let value = view.member(schema, named: keyword) else { return nil }
        guard let digits = view.number(value) else { throw malformed(keyword, "a number", list) }
        let decimal = JSONDecimal(digits)
        guard decimal.isWhole, decimal.isZero || !decimal.isNegative else {
            throw malformed(keyword, "a whole number from 0", list)
        }
        guard var count = decimal.significand, decimal.exponent < 20 else { return .max }
        for _ in 0..<decimal.exponent { count = min(count, UInt64(UInt32.max)) * 10 }
        return UInt32(clamping: count)
    }

    func malformed(_ keyword: String, _ expected: String, _ list: SchemaInstructionList) -> SchemaError {
        SchemaError(.malformed, at: list.pointer, "'\(keyword)' must be \(expected)")
    }
}
