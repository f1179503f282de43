extension SchemaCompiler {
    mutating func compileObjectKeywords(_ list: inout SchemaInstructionList) throws(SchemaError) {
        if list.rules.hasValidation {
            if let least = try size("minProperties", list), least > 0 {
                list.add(.minProperties, .minProperties, least)
            }
            if let most = try size("maxProperties", list) { list.add(.maxProperties, .maxProperties, most) }
        }
        try compileProperties(&list)
        if list.rules.hasApplicators {
            if list.rules.dialect >= .draft6, let value = list.member("propertyNames") {
                let block = try compile(value, "/propertyNames", in: list)
                if block != SchemaBlock.always { list.add(.propertyNames, .propertyNames, block) }
            }
            if let value = list.member("dependencies") { try addDependencies(value, .dependencies, &list) }
            if list.rules.dialect >= .draft2019, let value = list.member("dependentSchemas") {
                try addDependencies(value, .dependentSchemas, &list)
            }
        }
        if list.rules.hasValidation, list.rules.dialect >= .draft2019, let value = list.member("dependentRequired") {
            try addDependencies(value, .dependentRequired, &list)
        }
    }

    // MARK: Properties

    private mutating func compileProperties(_ list: inout SchemaInstructionList) throws(SchemaError) {
        var rule = ObjectRule()
        if list.rules.hasApplicators {
            if let value = list.member("properties") {
                for (name, value) in try members("properties", value, list) {
                    rule.declare(name, try compile(value, "/properties/\(SchemaPointer.part(name))", in: list))
                }
            }
            if let value = list.member("patternProperties") {
                for (text, value) in try members("patternProperties", value, list) {
                    let block = try compile(value, "/patternProperties/\(SchemaPointer.part(text))", in: list)
                    rule.patterns.append(SchemaPatternProperty(pattern: try pattern(text, list), block: block))
                }
            }
            if let value = list.member("additionalProperties") {
                rule.additional = try compile(value, "/additionalProperties", in: list)
            }
        }
        if list.rules.hasValidation, let value = list.member("required") {
            for name in try names("required", value, list) { rule.require(name) }
        }
        guard !rule.names.isEmpty || !rule.patterns.isEmpty || rule.additional != nil else { return }
        list.add(.object, .properties, try add(rule, list))
    }

    /// `properties` and its siblings while they are collected.
    private struct ObjectRule {
        var names: [String] = []
        var indices: [ExactText: Int] = [:]
        /// Nil for a name that is only required.
        var blocks: [UInt32?] = []
        var required: Set<ExactText> = []
        var patterns: [SchemaPatternProperty] = []
        var additional: UInt32?

        mutating func declare(_ name: String, _ block: UInt32?) {
            if let known = indices[ExactText(name)] {
                if let block { blocks[known] = block }
            } else {
                indices[ExactText(name)] = names.count
                names.append(name)
                blocks.append(block)
            }
        }

        mutating func require(_ name: String) {
            required.insert(ExactText(name))
            declare(name, nil)
        }
    }

    private mutating func add(_ rule: ObjectRule, _ list: SchemaInstructionList) throws(SchemaError) -> UInt32 {
        let first = parts.properties.count
        let firstPattern = parts.patternProperties.count
        parts.patternProperties += rule.patterns
        for (name, block) in zip(rule.names, rule.blocks) {
            var property = add(name)
            property.isRequired = rule.required.contains(ExactText(name))
            property.isDeclared = block != nil
            property.firstMatch = UInt32(parts.branches.count)
            for index in rule.patterns.indices where try matches(name, rule.patterns[index].pattern, list) {
                parts.branches.append(UInt32(firstPattern + index))
            }
            property.matchCount = UInt32(parts.branches.count) - property.firstMatch
            property.block =
                block ?? (property.matchCount > 0 ? SchemaBlock.always : rule.additional ?? SchemaBlock.always)
            parts.properties.append(property)
        }
        let (slots, mask) = addSlots(from: first)
        parts.objects.append(
            SchemaObject(
                first: UInt32(first), count: UInt32(rule.names.count), slots: slots, slotMask: mask,
                requiredCount: UInt32(rule.required.count), firstPattern: UInt32(firstPattern),
                patternCount: UInt32(rule.patterns.count), additional: rule.additional ?? SchemaBlock.always,
                hasAdditional: rule.additional != nil))
        return UInt32(parts.objects.count - 1)
    }

    /// Whether a name of the schema's own matches a pattern: found here, so that no payload pays for it.
    private func matches(_ name: String, _ pattern: UInt32, _ list: SchemaInstructionList) throws(SchemaError) -> Bool {
        var arena = ByteArena(capacity: name.utf8.count)
        arena.append(text: name)
        switch parts.patterns[Int(pattern)].match(arena.bytes) {
        case .matches: return true
        case .differs: return false
        case .exhausted:
            throw error(.tooLarge, "a pattern of 'patternProperties' takes too long on the name of a property", list)
        }
    }

    private mutating func add(_ name: String) -> SchemaProperty {
        let bytes = Array(name.utf8)
        let start = parts.names.count
        parts.names += bytes
        return SchemaProperty(
            hash: bytes.withUnsafeBytes { JSONString.hash($0) }, name: ByteRange(offset: start, count: bytes.count),
            block: SchemaBlock.always, isRequired: false, isDeclared: false,
            isPlain: bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    }

    /// A table by hash over the properties from `first` on, at most half full.
    private mutating func addSlots(from first: Int) -> (start: UInt32, mask: UInt32) {
        let count = parts.properties.count - first
        var size = 2
        while size < count * 2 { size *= 2 }
        let start = parts.slots.count
        parts.slots += repeatElement(0, count: size)
        for index in first..<parts.properties.count {
            var slot = Int(truncatingIfNeeded: parts.properties[index].hash) & (size - 1)
            while parts.slots[start + slot] != 0 { slot = (slot + 1) & (size - 1) }
            parts.slots[start + slot] = UInt32(index + 1)
        }
        return (UInt32(start), UInt32(size - 1))
    }

    // MARK: Dependencies

    private mutating func addDependencies(
        _ value: Int, _ keyword: SchemaKeyword, _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        for (name, value) in try members(keyword.name, value, list) {
            let index = UInt32(parts.properties.count)
            parts.properties.append(add(name))
            let isNames = list.view.kind(value) == .array
            if keyword == .dependentRequired || keyword == .dependencies && isNames {
                var rule = ObjectRule()
                for name in try names(keyword.name, value, list) { rule.require(name) }
                list.add(.dependentRequired, keyword, index, try add(rule, list))
            } else {
                let block = try compile(value, "/\(keyword.name)/\(SchemaPointer.part(name))", in: list)
                list.add(.dependentSchema, keyword, index, block)
            }
        }
    }

    // MARK: Words

    /// The members of an object of schemas; of a name that comes twice, the last.
    private func members(_ name: String, _ value: Int, _ list: SchemaInstructionList) throws(SchemaError)
        -> [(name: String, value: Int)]
    {
        guard list.view.kind(value) == .object else { throw malformed(name, "an object", list) }
        var found: [(name: String, value: Int)] = []
        var indices: [ExactText: Int] = [:]
        for member in list.view.members(value) {
            guard let key = list.view.string(member.name) else { continue }
            if let known = indices[ExactText(key)] {
                found[known].value = member.value
            } else {
                indices[ExactText(key)] = found.count
                found.append((key, member.value))
            }
        }
        return found
    }

    private func names(_ name: String, _ value: Int, _ list: SchemaInstructionList) throws(SchemaError) -> [String] {
        guard list.view.kind(value) == .array else { throw malformed(name, "an array of names", list) }
        var found: [String] = []
        for element in list.view.elements(value) {
            guard let text = list.view.string(element) else { throw malformed(name, "an array of names", list) }
            found.append(text)
        }
        return found
    }
}
