extension SchemaCompiler {
    // MARK: Any value

    mutating func compileValueKeywords(_ list: inout SchemaInstructionList) throws(SchemaError) {
        let view = list.view
        if let value = list.member("type") {
            var types = SchemaTypes()
            var names: [String?] = [view.string(value)]
            if view.kind(value) == .array { names = view.elements(value).map { view.string($0) } }
            for name in names {
                guard let name, types.insert(name, wholeDecimals: list.rules.dialect.integersMayHaveFraction) else {
                    throw malformed("type", "one of \(SchemaTypes.names.joined(separator: ", ")), or several", list)
                }
            }
            if options.trustsNullabilityAndLabels { _ = types.insert("null", wholeDecimals: false) }
            list.add(.type, .type, types.mask)
        }
        if list.rules.dialect >= .draft6, let value = list.member("const") {
            list.add(.constant, .const, UInt32(parts.choices.count))
            parts.choices.append(keep(value, list).number)
        }
        if let value = list.member("enum") {
            guard view.kind(value) == .array else { throw malformed("enum", "an array", list) }
            // Beside a type the labels are the server's; alone, they are those of numbers that are none.
            if options.trustsNullabilityAndLabels && list.member("type") != nil { return }
            let start = UInt32(parts.choices.count)
            for element in view.elements(value) { parts.choices.append(keep(element, list).number) }
            list.add(.choice, .enum, start, UInt32(parts.choices.count))
        }
    }

    /// What checks nothing, for reports that tell it.
    mutating func compileAnnotations(_ list: inout SchemaInstructionList) {
        for keyword in SchemaKeyword.annotations {
            guard let value = list.view.member(list.place.value, named: keyword.name) else { continue }
            list.add(.annotation, keyword, UInt32(parts.choices.count))
            parts.choices.append(keep(value, list).number)
        }
    }

    // MARK: Numbers

    mutating func compileNumberKeywords(_ list: inout SchemaInstructionList) throws(SchemaError) {
        var excludesLower = false
        var excludesUpper = false
        if list.rules.dialect == .draft4 {
            excludesLower = try flag("exclusiveMinimum", list)
            excludesUpper = try flag("exclusiveMaximum", list)
        } else {
            try addBound("exclusiveMinimum", .exclusiveMinimum, .exclusiveMinimum, &list)
            try addBound("exclusiveMaximum", .exclusiveMaximum, .exclusiveMaximum, &list)
        }
        try addBound(
            "minimum", excludesLower ? .exclusiveMinimum : .minimum, excludesLower ? .exclusiveMinimum : .minimum, &list
        )
        try addBound(
            "maximum", excludesUpper ? .exclusiveMaximum : .maximum, excludesUpper ? .exclusiveMaximum : .maximum, &list
        )
        try addBound("multipleOf", .multipleOf, .multipleOf, &list)
    }

    private mutating func addBound(
        _ name: StaticString, _ operation: SchemaInstruction.Operation, _ keyword: SchemaKeyword,
        _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        guard let value = list.member(name) else { return }
        guard let digits = list.view.number(value) else { throw malformed(name.description, "a number", list) }
        let decimal = JSONDecimal(digits)
        let isInteger = list.view.kind(value) == .integer
        let small = isInteger ? Int64(String(decoding: digits, as: UTF8.self)) : nil
        var bound = SchemaBound(
            small: small ?? 0, isSmall: small != nil, text: keep(value, list).text, significand: 0,
            exponent: decimal.exponent)
        if operation == .multipleOf {
            guard !decimal.isNegative, !decimal.isZero else {
                throw malformed(name.description, "greater than 0", list)
            }
            guard let significand = decimal.significand else {
                throw error(.tooLarge, "multipleOf has more than 19 digits", list)
            }
            bound.significand = significand
        }
        parts.bounds.append(bound)
        list.add(operation, keyword, UInt32(parts.bounds.count - 1))
    }

    // MARK: Strings

    mutating func compileStringKeywords(_ list: inout SchemaInstructionList) throws(SchemaError) {
        if list.rules.hasValidation {
            if let least = try size("minLength", list), least > 0 { list.add(.minLength, .minLength, least) }
            if let most = try size("maxLength", list) { list.add(.maxLength, .maxLength, most) }
            if let value = list.member("pattern") {
                guard let text = list.view.string(value) else { throw malformed("pattern", "a string", list) }
                list.add(.pattern, .pattern, try pattern(text, list))
            }
        }
        let assertsFormats =
            switch options.formats {
            case .assert: true
            case .annotate: false
            case .byDialect: list.rules.assertsFormats
            }
        guard assertsFormats else { return }
        if let value = list.member("format") {
            guard let name = list.view.string(value) else { throw malformed("format", "a string", list) }
            if let format = SchemaFormat(name: name, dialect: list.rules.dialect) {
                list.add(.format, .format, format.rawValue)
            }
        }
        // Draft 7 alone lets an engine assert these.
        guard list.rules.dialect == .draft7 else { return }
        var content = SchemaContent()
        if let value = list.member("contentEncoding"), list.view.string(value) == "base64" { content.insert(.base64) }
        if let value = list.member("contentMediaType"), list.view.string(value) == "application/json" {
            content.insert(.json)
        }
        if content.isEmpty { return }
        list.add(
            .content, content.contains(.json) ? .contentMediaType : .contentEncoding, content.rawValue)
    }

    /// The number of a pattern; each text is compiled once.
    mutating func pattern(_ text: String, _ list: SchemaInstructionList) throws(SchemaError) -> UInt32 {
        if let known = patterns[ExactText(text)] { return known }
        var arena = ByteArena(capacity: text.utf8.count)
        arena.append(text: text)
        let pattern: Pattern
        do {
            pattern = try Pattern(arena.bytes)
        } catch {
            throw self.error(.malformed, "a pattern cannot be used: \(error)", list)
        }
        parts.patterns.append(pattern)
        parts.patternTexts.append(text)
        patterns[ExactText(text)] = UInt32(parts.patterns.count - 1)
        return UInt32(parts.patterns.count - 1)
    }

    // MARK: Arrays

    mutating func compileArrayKeywords(_ list: inout SchemaInstructionList) throws(SchemaError) {
        if list.rules.hasValidation {
            if let least = try size("minItems", list), least > 0 { list.add(.minItems, .minItems, least) }
            if let most = try size("maxItems", list) { list.add(.maxItems, .maxItems, most) }
            if try flag("uniqueItems", list) { list.add(.uniqueItems, .uniqueItems) }
        }
        guard list.rules.hasApplicators else { return }
        if list.rules.dialect >= .draft2020 {
            var first: UInt32 = 0
            if let value = list.member("prefixItems") {
                first = try addPrefix(value, .prefixItems, "prefixItems", &list)
            }
            if let value = list.member("items") { try addItems(value, .items, "/items", from: first, &list) }
        } else if let value = list.member("items") {
            if list.view.kind(value) == .array {
                let first = try addPrefix(value, .items, "items", &list)
                if let rest = list.member("additionalItems") {
                    try addItems(rest, .additionalItems, "/additionalItems", from: first, &list)
                }
            } else {
                try addItems(value, .items, "/items", from: 0, &list)
            }
        }
        if list.rules.dialect >= .draft6, let value = list.member("contains") {
            var least: UInt32 = 1
            var most = UInt32.max
            if list.rules.dialect >= .draft2019, list.rules.hasValidation {
                least = try size("minContains", list) ?? 1
                most = try size("maxContains", list) ?? .max
            }
            let block = try compile(value, "/contains", in: list)
            let evaluates = list.rules.dialect >= .draft2020
            if least == 0 && most == .max && !(evaluates && library.tracksEvaluation) { return }
            parts.counts.append(SchemaCount(block: block, least: least, most: most, evaluates: evaluates))
            list.add(.contains, .contains, UInt32(parts.counts.count - 1))
        }
    }

    private mutating func addItems(
        _ value: Int, _ keyword: SchemaKeyword, _ pointer: String, from first: UInt32,
        _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        let block = try compile(value, pointer, in: list)
        if block != SchemaBlock.always || library.tracksEvaluation { list.add(.items, keyword, block, first) }
    }

    private mutating func addPrefix(
        _ value: Int, _ keyword: SchemaKeyword, _ name: String, _ list: inout SchemaInstructionList
    ) throws(SchemaError) -> UInt32 {
        guard list.view.kind(value) == .array else { throw malformed(name, "an array of schemas", list) }
        var blocks: [UInt32] = []
        for element in list.view.elements(value) {
            blocks.append(try compile(element, "/\(name)/\(blocks.count)", in: list))
        }
        let start = UInt32(parts.branches.count)
        parts.branches += blocks
        if !blocks.isEmpty { list.add(.prefix, keyword, start, UInt32(parts.branches.count)) }
        return UInt32(blocks.count)
    }

    // MARK: Several schemas for one value

    mutating func compileBranches(_ list: inout SchemaInstructionList) throws(SchemaError) {
        try addBranches("allOf", .allOf, .allOf, &list)
        try addBranches("anyOf", .anyOf, .anyOf, &list)
        try addBranches("oneOf", .oneOf, .oneOf, &list)
        if let value = list.member("not") { list.add(.not, .not, try compile(value, "/not", in: list)) }
        if list.rules.dialect >= .draft7, let condition = list.member("if") {
            let then = list.member("then")
            let otherwise = list.member("else")
            guard then != nil || otherwise != nil || library.tracksEvaluation else { return }
            var blocks = [try compile(condition, "/if", in: list), SchemaBlock.always, SchemaBlock.always]
            if let then { blocks[1] = try compile(then, "/then", in: list) }
            if let otherwise { blocks[2] = try compile(otherwise, "/else", in: list) }
            list.add(.conditional, .if, UInt32(parts.branches.count))
            parts.branches += blocks
        }
    }

    private mutating func addBranches(
        _ name: StaticString, _ operation: SchemaInstruction.Operation, _ keyword: SchemaKeyword,
        _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        guard let value = list.member(name) else { return }
        guard list.view.kind(value) == .array, list.view.count(value) > 0 else {
            throw malformed(name.description, "an array of schemas that is not empty", list)
        }
        var blocks: [UInt32] = []
        for element in list.view.elements(value) {
            blocks.append(try compile(element, "/\(name)/\(blocks.count)", in: list))
        }
        let start = UInt32(parts.branches.count)
        parts.branches += blocks
        list.add(operation, keyword, start, UInt32(parts.branches.count))
    }

    // MARK: What is left over

    mutating func compileUnevaluated(_ list: inout SchemaInstructionList) throws(SchemaError) {
        guard list.rules.dialect >= .draft2019 else { return }
        if let value = list.member("unevaluatedItems") {
            list.add(
                .unevaluatedItems, .unevaluatedItems, try compile(value, "/unevaluatedItems", in: list), list.block)
        }
        if let value = list.member("unevaluatedProperties") {
            list.add(
                .unevaluatedProperties, .unevaluatedProperties,
                try compile(value, "/unevaluatedProperties", in: list), list.block)
        }
    }

    // MARK: Words

    /// A boolean keyword; false when it is absent.
    func flag(_ name: StaticString, _ list: SchemaInstructionList) throws(SchemaError) -> Bool {
        guard let value = list.member(name) else { return false }
        guard let isSet = list.view.boolean(value) else { throw malformed(name.description, "a boolean", list) }
        return isSet
    }

    /// A whole number that is not negative, however it is written; past 32 bits it is held there.
    func size(_ name: StaticString, _ list: SchemaInstructionList) throws(SchemaError) -> UInt32? {
        guard let value = list.member(name) else { return nil }
        guard let digits = list.view.number(value) else { throw malformed(name.description, "a number", list) }
        let decimal = JSONDecimal(digits)
        guard decimal.isWhole, decimal.isZero || !decimal.isNegative else {
            throw malformed(name.description, "a whole number from 0", list)
        }
        guard var count = decimal.significand, decimal.exponent < 20 else { return .max }
        for _ in 0..<decimal.exponent { count = min(count, UInt64(UInt32.max)) * 10 }
        return UInt32(clamping: count)
    }
}
