extension SchemaCompiler {
    mutating func compileObjectKeywords(_ schema: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        if let least = try size("minProperties", schema, list), least > 0 { list.add(.minProperties, least) }
        if let most = try size("maxProperties", schema, list) { list.add(.maxProperties, most) }
        let properties = view.member(schema, named: "properties")
        let required = view.member(schema, named: "required")
        let additional = view.member(schema, named: "additionalProperties")
        guard properties != nil || required != nil || additional != nil else { return }

        var names: [String] = []
        var blocks: [UInt32] = []
        var indices: [ExactText: Int] = [:]
        if let properties {
            guard view.kind(properties) == .object else { throw malformed("properties", "an object", list) }
            for member in view.members(properties) {
                guard let name = view.string(member.name) else { continue }
                let block = try compile(member.value, "\(list.pointer)/properties/\(Self.pointerPart(name))")
                if let known = indices[ExactText(name)] {
                    blocks[known] = block
                } else {
                    indices[ExactText(name)] = names.count
                    names.append(name)
                    blocks.append(block)
                }
            }
        }
        let declared = names.count
        var isRequired = Set<ExactText>()
        if let required {
            guard view.kind(required) == .array else { throw malformed("required", "an array of names", list) }
            for element in view.elements(required) {
                guard let name = view.string(element) else { throw malformed("required", "an array of names", list) }
                isRequired.insert(ExactText(name))
                if indices[ExactText(name)] == nil {
                    indices[ExactText(name)] = names.count
                    names.append(name)
                    blocks.append(SchemaBlock.always)
                }
            }
        }
        var others = SchemaBlock.always
        if let additional { others = try compile(additional, list.pointer + "/additionalProperties") }

        let first = parts.properties.count
        for (index, name) in names.enumerated() {
            addProperty(
                name, block: blocks[index], isRequired: isRequired.contains(ExactText(name)),
                isDeclared: index < declared)
        }
        let (slots, mask) = addSlots(from: first)
        parts.objects.append(
            SchemaObject(
                first: UInt32(first), count: UInt32(names.count), slots: slots, slotMask: mask,
                requiredCount: UInt32(isRequired.count), additional: others))
        list.add(.object, UInt32(parts.objects.count - 1))
    }

    private mutating func addProperty(_ name: String, block: UInt32, isRequired: Bool, isDeclared: Bool) {
        let bytes = Array(name.utf8)
        let start = parts.names.count
        parts.names += bytes
        parts.properties.append(
            SchemaProperty(
                hash: bytes.withUnsafeBytes { JSONString.hash($0) }, name: ByteRange(offset: start, count: bytes.count),
                block: block, isRequired: isRequired, isDeclared: isDeclared,
                isPlain: bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }))
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

    /// A name as a part of a JSON pointer (RFC 6901).
    static func pointerPart(_ name: String) -> String {
        guard name.contains(where: { $0 == "~" || $0 == "/" }) else { return name }
        var out = ""
        for character in name {
            switch character {
            case "~": out += "~0"
            case "/": out += "~1"
            default: out.append(character)
            }
        }
        return out
    }
}
