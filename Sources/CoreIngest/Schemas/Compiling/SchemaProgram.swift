/// A compiled schema: instructions and side tables, all flat and read-only. Shared by all who validate.
final class SchemaProgram: Sendable {
    /// An array without reference counting on reading; checked bounds. Freed by the program that owns it.
    struct Table<Element: BitwiseCopyable>: @unchecked Sendable {
        // Immutable after the initialiser, so sharing it is safe.
        fileprivate let buffer: UnsafeMutableBufferPointer<Element>

        fileprivate init(_ elements: [Element]) {
            buffer = .allocate(capacity: elements.count)
            _ = buffer.initialize(from: elements)
        }

        var count: Int { buffer.count }
        var base: UnsafeRawPointer? { UnsafeRawPointer(buffer.baseAddress) }
        @inline(__always) subscript(index: Int) -> Element {
            precondition(index >= 0 && index < buffer.count)
            return buffer[index]
        }
    }

    /// What a compiler hands over.
    struct Parts {
        var instructions: [SchemaInstruction] = []
        var blocks: [SchemaBlock] = []
        var properties: [SchemaProperty] = []
        var objects: [SchemaObject] = []
        var slots: [UInt32] = []
        var names: [UInt8] = []
        var choices: [UInt32] = []
        var branches: [UInt32] = []
        var bounds: [SchemaBound] = []
        var paths: [String] = []
        var root: UInt32 = 0
    }

    let document: JSONDocument
    let dialect: SchemaDialect
    let instructions: Table<SchemaInstruction>
    let blocks: Table<SchemaBlock>
    let properties: Table<SchemaProperty>
    let objects: Table<SchemaObject>
    let slots: Table<UInt32>
    let names: Table<UInt8>
    let choices: Table<UInt32>
    let branches: Table<UInt32>
    let bounds: Table<SchemaBound>
    let paths: [String]
    let root: UInt32
    /// The object rule of a schema that says nothing else of its root but its type and number of members: its rows are checked
    /// while they are read.
    let flatObject: SchemaObject?

    init(_ parts: Parts, document: JSONDocument, dialect: SchemaDialect) {
        self.document = document
        self.dialect = dialect
        instructions = Table(parts.instructions)
        blocks = Table(parts.blocks)
        properties = Table(parts.properties)
        objects = Table(parts.objects)
        slots = Table(parts.slots)
        names = Table(parts.names)
        choices = Table(parts.choices)
        branches = Table(parts.branches)
        bounds = Table(parts.bounds)
        paths = parts.paths
        root = parts.root
        flatObject = Self.flatObject(of: parts)
    }

    deinit {
        instructions.buffer.deallocate()
        blocks.buffer.deallocate()
        properties.buffer.deallocate()
        objects.buffer.deallocate()
        slots.buffer.deallocate()
        names.buffer.deallocate()
        choices.buffer.deallocate()
        branches.buffer.deallocate()
        bounds.buffer.deallocate()
    }

    private static func flatObject(of parts: Parts) -> SchemaObject? {
        let block = parts.blocks[Int(parts.root)]
        var found: SchemaObject?
        for instruction in parts.instructions[Int(block.start)..<Int(block.end)] {
            switch instruction.operation {
            case .object: found = parts.objects[Int(instruction.a)]
            case .type where SchemaTypes(mask: instruction.a).contains(.object): continue
            case .never, .type, .choice, .constant, .minLength, .maxLength, .minimum, .maximum, .exclusiveMinimum,
                .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .items, .minProperties,
                .maxProperties,
                .allOf, .anyOf, .oneOf, .not, .reference, .format:
                return nil
            }
        }
        return found
    }

    /// Bytes of memory, for the cache.
    var byteCount: Int {
        document.byteCount + instructions.count * MemoryLayout<SchemaInstruction>.stride
            + properties.count * MemoryLayout<SchemaProperty>.stride + objects.count * MemoryLayout<SchemaObject>.stride
            + (slots.count + choices.count + branches.count) * 4 + names.count + bounds.count
            * MemoryLayout<SchemaBound>.stride
            + blocks.count * 8 + paths.reduce(0) { $0 + $1.utf8.count + 16 } + 256
    }

    @inline(__always) func name(of property: SchemaProperty) -> UnsafeRawBufferPointer {
        precondition(Int(property.name.offset) + Int(property.name.count) <= names.count)
        guard let base = names.base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + Int(property.name.offset), count: Int(property.name.count))
    }

    /// The property of a name, as an index into ``properties``.
    @inline(__always) func property(_ object: SchemaObject, hash: UInt64, name: JSONWord, in view: JSONView) -> Int? {
        var slot = UInt32(truncatingIfNeeded: hash) & object.slotMask
        while true {
            let entry = slots[Int(object.slots &+ slot)]
            if entry == 0 { return nil }
            let property = properties[Int(entry) &- 1]
            if property.hash == hash && view.isName(name, self.name(of: property)) { return Int(entry) &- 1 }
            slot = (slot &+ 1) & object.slotMask
        }
    }

    /// The digits of a bound.
    func digits(of bound: SchemaBound) -> UnsafeRawBufferPointer {
        let text = document.view.bytes
        return UnsafeRawBufferPointer(
            rebasing: text[Int(bound.text.offset)..<Int(bound.text.offset + bound.text.count)])
    }
}
