/// A compiled schema: instructions and side tables, all flat and read-only. Shared by all who validate.
final class SchemaProgram: Sendable {
    /// An array without reference counting on reading; checked bounds. Freed by the program that owns it.
    struct Table<Element: BitwiseCopyable>: @unchecked Sendable {
        // Immutable after the initialiser, so sharing it is safe.
        private let buffer: UnsafeMutableBufferPointer<Element>

        init(_ elements: [Element]) {
            buffer = .allocate(capacity: elements.count)
            _ = buffer.initialize(from: elements)
        }

        /// To be called once, at the end of the owner.
        func deallocate() { buffer.deallocate() }

        var count: Int { buffer.count }
        var base: UnsafeRawPointer? { UnsafeRawPointer(buffer.baseAddress) }
        fileprivate var byteCount: Int { buffer.count * MemoryLayout<Element>.stride }
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
        var patternProperties: [SchemaPatternProperty] = []
        var counts: [SchemaCount] = []
        var slots: [UInt32] = []
        var names: [UInt8] = []
        /// Values of ``constants``.
        var choices: [UInt32] = []
        var branches: [UInt32] = []
        var bounds: [SchemaBound] = []
        var patterns: [Pattern] = []
        /// As they are written in the schema.
        var patternTexts: [String] = []
        var paths: [String] = []
        /// For each path the schema with a URI of its own that it is in: an index into `resources`, or -1.
        var pathBases: [Int32] = []
        var resources: [SchemaResourceName] = []
        var root: UInt32 = 0
    }

    /// All values of `enum`, `const` and bounds, as one array.
    let constants: JSONDocument
    let instructions: Table<SchemaInstruction>
    let blocks: Table<SchemaBlock>
    /// The instructions and blocks that are evaluated, under the same numbers.
    let fusedInstructions: Table<SchemaInstruction>
    let fusedBlocks: Table<SchemaBlock>
    let ranges: Table<SchemaRange>
    let wordSets: Table<SchemaWordSet>
    let words: Table<SchemaWord>
    /// For `anyOf` and `oneOf` by a tag: the number of the word set, by the first of the branches.
    let tags: [UInt32: UInt32]
    let properties: Table<SchemaProperty>
    let objects: Table<SchemaObject>
    let patternProperties: Table<SchemaPatternProperty>
    let counts: Table<SchemaCount>
    let slots: Table<UInt32>
    let names: Table<UInt8>
    let choices: Table<UInt32>
    let branches: Table<UInt32>
    let bounds: Table<SchemaBound>
    let patterns: [Pattern]
    let patternTexts: [String]
    /// Where the subschemas stand: JSON pointers into the schema, or a URI with a pointer as its fragment.
    let paths: [String]
    let pathBases: Table<Int32>
    let resources: [SchemaResourceName]
    let root: UInt32
    /// The object rule of a schema that says nothing else of its root but its type, and has no patterns for names: its rows are
    /// checked while they are read.
    let flatObject: SchemaObject?

    init(_ parts: Parts, constants: JSONDocument) {
        self.constants = constants
        instructions = Table(parts.instructions)
        blocks = Table(parts.blocks)
        let fused = SchemaFusion(parts, constants.view)
        fusedInstructions = Table(fused.instructions)
        fusedBlocks = Table(fused.blocks)
        ranges = Table(fused.ranges)
        wordSets = Table(fused.tables.sets)
        words = Table(fused.tables.words)
        tags = fused.knownTags.compactMapValues { $0 }
        properties = Table(parts.properties)
        objects = Table(parts.objects)
        patternProperties = Table(parts.patternProperties)
        counts = Table(parts.counts)
        slots = Table(parts.slots)
        names = Table(parts.names)
        choices = Table(parts.choices)
        branches = Table(parts.branches)
        bounds = Table(parts.bounds)
        patterns = parts.patterns
        patternTexts = parts.patternTexts
        paths = parts.paths
        pathBases = Table(parts.pathBases)
        resources = parts.resources
        root = parts.root
        flatObject = Self.flatObject(of: parts)
    }

    deinit {
        instructions.deallocate()
        blocks.deallocate()
        fusedInstructions.deallocate()
        fusedBlocks.deallocate()
        ranges.deallocate()
        wordSets.deallocate()
        words.deallocate()
        properties.deallocate()
        objects.deallocate()
        patternProperties.deallocate()
        counts.deallocate()
        slots.deallocate()
        names.deallocate()
        choices.deallocate()
        branches.deallocate()
        bounds.deallocate()
        pathBases.deallocate()
    }

    private static func flatObject(of parts: Parts) -> SchemaObject? {
        let block = parts.blocks[Int(parts.root)]
        var found: SchemaObject?
        for instruction in parts.instructions[Int(block.start)..<Int(block.end)] {
            switch instruction.operation {
            case .object where found == nil && parts.objects[Int(instruction.a)].patternCount == 0:
                found = parts.objects[Int(instruction.a)]
            case .type where SchemaTypes(mask: instruction.a).contains(.object): continue
            default: return nil
            }
        }
        return found
    }

    /// Bytes of memory, for the cache.
    var byteCount: Int {
        let tables =
            instructions.byteCount + blocks.byteCount + properties.byteCount + objects.byteCount
            + patternProperties.byteCount + counts.byteCount + slots.byteCount + names.byteCount + choices.byteCount
            + branches.byteCount + bounds.byteCount + pathBases.byteCount + fusedInstructions.byteCount
            + fusedBlocks.byteCount + ranges.byteCount + wordSets.byteCount + words.byteCount
        let texts = (paths + patternTexts + resources.map(\.uri)).reduce(0) { $0 + $1.utf8.count + 16 }
        return constants.byteCount + tables + texts + patterns.reduce(0) { $0 + $1.byteCount } + 256
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

    /// Whether nothing passes a block.
    func isNever(_ block: UInt32) -> Bool {
        let range = blocks[Int(block)]
        return range.start < range.end && instructions[Int(range.start)].operation == .never
    }

    /// The digits of a bound.
    func digits(of bound: SchemaBound) -> UnsafeRawBufferPointer {
        let text = constants.view.bytes
        return UnsafeRawBufferPointer(
            rebasing: text[Int(bound.text.offset)..<Int(bound.text.offset + bound.text.count)])
    }
}

/// A schema with a URI of its own, for absolute locations.
struct SchemaResourceName: Sendable, Equatable {
    var uri: String
    /// Bytes of its root's path: what follows them in a path is the pointer within it.
    var prefix: Int
}
