/// Makes a ``RowProgram``: goes through the root of a schema, finds for each column what the schema wants of its values, and keeps what the
/// column's type does not guarantee.
struct RowSpecialization {
    let program: SchemaProgram
    private let columns: [StreamDescriptor.Column]
    /// The names of the columns, as one array of JSON.
    private let names: JSONDocument?
    private let nameIndices: [Int]
    private(set) var instructions: [SchemaInstruction] = []
    private(set) var checks: [RowCheck] = []
    private(set) var notNull: [UInt32] = []
    private(set) var steps = 0
    private(set) var depth = 0
    /// By column, the blocks that its values must pass.
    private var blocks: [[UInt32]]
    /// A block that comes to more instructions is asked whole, and a root that does, of the schema.
    private static let mostWeight = 256
    private static let mostDepth = 8

    init(_ program: SchemaProgram, _ columns: [StreamDescriptor.Column]) {
        self.program = program
        self.columns = columns
        blocks = Array(repeating: [], count: columns.count)
        var text = ByteArena(capacity: 1024)
        text.append(UInt8(ascii: "["))
        for (index, column) in columns.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.appendJSONString(text: column.name)
        }
        text.append(UInt8(ascii: "]"))
        names = try? JSONDocument(text.bytes)
        nameIndices = names.map { Array($0.view.elements(0)) } ?? []
    }

    // MARK: The root

    /// Takes up what a block wants of rows. False where that cannot be told by columns, or where no whole row passes.
    ///
    /// That columns may be absent, because they did not change, is no concern of it: a row is not asked then for what it lacks, and
    /// everything else that holds for all columns holds for some.
    mutating func addRoot(_ block: UInt32, depth: Int) -> Bool {
        guard depth <= Self.mostDepth, nameIndices.count == columns.count else { return false }
        self.depth = max(self.depth, depth)
        let range = program.fusedBlocks[Int(block)]
        for index in Int(range.start)..<Int(range.end) {
            steps += 1
            guard add(program.fusedInstructions[index], depth: depth) else { return false }
        }
        return true
    }

    private mutating func add(_ instruction: SchemaInstruction, depth: Int) -> Bool {
        switch instruction.operation {
        case .type, .typedString, .typedNumber: return SchemaTypes(mask: instruction.a).contains(.object)
        case .object: return add(program.objects[Int(instruction.a)])
        case .reference: return addRoot(instruction.a, depth: depth + 1)
        case .allOf:
            return (Int(instruction.a)..<Int(instruction.b)).allSatisfy {
                addRoot(program.branches[$0], depth: depth + 1)
            }
        case .minProperties: return columns.count >= Int(instruction.a)
        case .maxProperties: return columns.count <= Int(instruction.a)
        case .propertyNames:
            guard let names, let weight = program.weight(of: instruction.a, most: Self.mostWeight) else { return false }
            steps += weight * columns.count
            return nameIndices.allSatisfy { program.passes(instruction.a, names.view, $0) }
        case .dependentRequired:
            guard hasColumn(instruction.a) else { return true }
            let object = program.objects[Int(instruction.b)]
            return (object.first..<object.first + object.count).allSatisfy(hasColumn)
        case .dependentSchema: return !hasColumn(instruction.a) || addRoot(instruction.b, depth: depth + 1)
        case .minLength, .maxLength, .pattern, .format, .content, .minimum, .maximum, .exclusiveMinimum,
            .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .items, .prefix, .contains,
            .unevaluatedItems, .annotation:
            return true
        case .never, .choice, .constant, .words, .anyOf, .oneOf, .tagged, .not, .conditional, .unevaluatedProperties:
            return false
        }
    }

    private mutating func add(_ object: SchemaObject) -> Bool {
        guard let names else { return false }
        for (column, name) in nameIndices.enumerated() {
            guard let found = program.blocks(under: names.view.word(name), of: object, in: names.view) else {
                return false
            }
            for block in found where block != SchemaBlock.always { blocks[column].append(block) }
        }
        return (object.first..<object.first + object.count).allSatisfy {
            !program.properties[Int($0)].isRequired || hasColumn($0)
        }
    }

    /// Whether a property of the schema is a column.
    private func hasColumn(_ property: UInt32) -> Bool {
        guard let names else { return false }
        let name = program.name(of: program.properties[Int(property)])
        return nameIndices.contains { names.view.isName(names.view.word($0), name) }
    }

    // MARK: Columns

    /// Makes the checks of all columns.
    mutating func finish() {
        for index in columns.indices { check(UInt32(index), ColumnValues(columns[index].kind)) }
    }

    private mutating func check(_ column: UInt32, _ values: ColumnValues) {
        let start = instructions.count
        var takesNull = true
        for block in blocks[Int(column)] {
            let range = program.fusedBlocks[Int(block)]
            let list = (Int(range.start)..<Int(range.end)).map { program.fusedInstructions[$0] }
            guard let weight = program.weight(of: block, most: Self.mostWeight) else {
                instructions += list
                continue
            }
            steps += weight
            depth = max(depth, weight)
            if !program.passes(block, "null") { takesNull = false }
            instructions += list.filter { !program.guarantees($0, for: values) }
        }
        if !takesNull { notNull.append(column) }
        let isAsked = instructions.count > start
        guard isAsked || values.trustedBytes > 0 else { return }
        checks.append(
            RowCheck(
                column: column, start: UInt32(start), end: UInt32(instructions.count),
                trustedBytes: isAsked ? 0 : UInt32(values.trustedBytes)))
    }
}
