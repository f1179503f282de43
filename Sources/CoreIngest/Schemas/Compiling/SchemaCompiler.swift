/// Turns the text of a JSON Schema into a ``SchemaProgram``.
///
/// All keywords of all dialects are checked; what no dialect knows is an annotation, and ignored. A subschema is compiled once
/// for each dynamic scope that it is reached in (``SchemaScopes``), so references cost nothing but a jump. Nothing is ever
/// fetched: what a reference names comes from ``SchemaLibrary``.
package struct SchemaCompiler: ~Copyable {
    var library: SchemaLibrary
    let options: SchemaOptions
    var parts = SchemaProgram.Parts()
    /// Patterns that were compiled, by their text.
    var patterns: [ExactText: UInt32] = [:]
    private var constants = ByteArena(capacity: 1024)
    private var constantCount = 0
    private var scopes = SchemaScopes()
    private var known: [Reached: UInt32] = [:]
    /// Subschemas that are referred to and wait to be compiled.
    private var waiting: [(target: Reached, pointer: String, block: UInt32)] = []
    private var references = 0
    private let clock = ContinuousClock()
    private let started: ContinuousClock.Instant

    /// A subschema, and the scope that it is reached in.
    private struct Reached: Hashable {
        var place: SchemaLibrary.Place
        var scope: Int
    }

    /// Compiles the text of a schema.
    static func compile(_ text: UnsafeRawBufferPointer, options: SchemaOptions = SchemaOptions()) throws(SchemaError)
        -> SchemaProgram
    {
        let compiler = SchemaCompiler(try SchemaLibrary(text, options))
        return try compiler.finish()
    }

    static func compile(_ text: String, options: SchemaOptions = SchemaOptions()) throws(SchemaError) -> SchemaProgram {
        var arena = ByteArena(capacity: text.utf8.count)
        arena.append(text: text)
        return try compile(arena.bytes, options: options)
    }

    private init(_ library: consuming SchemaLibrary) {
        options = library.options
        self.library = library
        started = clock.now
        reset()
    }

    private mutating func reset() {
        parts = SchemaProgram.Parts()
        parts.blocks = [SchemaBlock(start: 0, end: 0)]
        patterns = [:]
        constants = ByteArena(capacity: 1024)
        constants.append(UInt8(ascii: "["))
        constantCount = 0
        known = [:]
        references = 0
    }

    private consuming func finish() throws(SchemaError) -> SchemaProgram {
        while true {
            let contested = library.contested
            parts.root = try compile(library.resources[0].root, "", resource: 0, scope: SchemaScopes.outermost)
            while let next = waiting.popLast() { try compile(next.target, next.pointer, into: next.block) }
            if library.contested == contested { break }
            // A text that came late has an anchor that others have too: references to it depend on the scope after all.
            reset()
        }
        try SchemaCycles.refuse(parts)
        let constants = try takeConstants()
        return SchemaProgram(parts, constants: constants)
    }

    // MARK: Subschemas

    /// Compiles the subschema at a place, once for each scope; answers its block.
    private mutating func compile(
        _ place: SchemaLibrary.Place, _ pointer: String, resource outer: Int, scope: Int
    ) throws(SchemaError) -> UInt32 {
        let (target, block) = try reserve(place, pointer, outer, scope)
        if let target { try compile(target, pointer, into: block) }
        return block
    }

    /// The block of a subschema; with what is still to be compiled for it.
    private mutating func reserve(_ place: SchemaLibrary.Place, _ pointer: String, _ outer: Int, _ scope: Int)
        throws(SchemaError) -> (target: Reached?, block: UInt32)
    {
        let view = library.view(place)
        switch view.kind(place.value) {
        case .boolean:
            if view.boolean(place.value) == true { return (nil, SchemaBlock.always) }
        case .object: break
        case .null, .integer, .number, .string, .array:
            throw SchemaError(
                .malformed, at: library.pointer(place, pointer), "a schema must be an object or a boolean")
        }
        let resource = try library.resource(of: place, pointer, within: outer)
        let inner = scopes.entering(library.resources[resource], from: scope, contested: library.contested)
        let target = Reached(place: place, scope: inner)
        if let block = known[target] { return (nil, block) }
        guard parts.blocks.count < options.mostSubschemas else {
            throw SchemaError(.tooLarge, "the schema has more than \(options.mostSubschemas) subschemas")
        }
        if parts.blocks.count & 63 == 1, started.duration(to: clock.now) > options.mostTime {
            throw SchemaError(.tooLarge, "the schema takes longer than \(options.mostTime) to compile; make it smaller")
        }
        parts.blocks.append(SchemaBlock(start: 0, end: 0))
        let block = UInt32(parts.blocks.count - 1)
        known[target] = block
        return (target, block)
    }

    private mutating func compile(_ target: Reached, _ pointer: String, into block: UInt32) throws(SchemaError) {
        let resource = library.sites[target.place]?.resource ?? 0
        parts.paths.append(library.pointer(target.place, pointer))
        parts.pathBases.append(base(of: resource))
        var list = SchemaInstructionList(
            place: target.place, view: library.view(target.place), rules: library.resources[resource].rules,
            resource: resource, scope: target.scope, block: block, path: UInt32(parts.paths.count - 1),
            pointer: pointer)
        if list.view.kind(target.place.value) == .boolean {
            list.add(.never, .falseSchema)
        } else if list.rules.dialect.referenceStandsAlone, let reference = list.member("$ref"),
            list.view.kind(reference) == .string
        {
            try compileReference(reference, .ref, &list)
        } else {
            // Cheap checks first.
            if list.rules.hasValidation {
                try compileValueKeywords(&list)
                try compileNumberKeywords(&list)
            }
            try compileStringKeywords(&list)
            try compileArrayKeywords(&list)
            try compileObjectKeywords(&list)
            if list.rules.hasApplicators { try compileBranches(&list) }
            try compileReferences(&list)
            if options.keepsAnnotations { compileAnnotations(&list) }
            // Last, when all that evaluates has passed.
            if list.rules.hasUnevaluated { try compileUnevaluated(&list) }
        }
        let start = UInt32(parts.instructions.count)
        parts.instructions += list.instructions
        parts.blocks[Int(block)] = SchemaBlock(start: start, end: UInt32(parts.instructions.count))
    }

    /// The number of a resource among those that reports name; -1 for one without a URI.
    private mutating func base(of resource: Int) -> Int32 {
        let resource = library.resources[resource]
        if resource.uri.isEmpty { return -1 }
        let root = library.pointer(resource.root, library.sites[resource.root]?.pointer ?? "")
        let name = SchemaResourceName(uri: resource.uri, prefix: root.utf8.count)
        if let known = parts.resources.firstIndex(of: name) { return Int32(known) }
        parts.resources.append(name)
        return Int32(parts.resources.count - 1)
    }

    /// Compiles a subschema of the one in hand.
    mutating func compile(_ value: Int, _ pointer: String, in list: SchemaInstructionList) throws(SchemaError) -> UInt32
    {
        try compile(
            SchemaLibrary.Place(document: list.place.document, value: value), list.pointer + pointer,
            resource: list.resource, scope: list.scope)
    }

    // MARK: References

    private mutating func compileReferences(_ list: inout SchemaInstructionList) throws(SchemaError) {
        if let value = list.member("$ref") { try compileReference(value, .ref, &list) }
        if list.rules.dialect == .draft2019, let value = list.member("$recursiveRef") {
            try compileReference(value, .recursiveRef, &list)
        }
        if list.rules.dialect == .draft2020, let value = list.member("$dynamicRef") {
            try compileReference(value, .dynamicRef, &list)
        }
    }

    private mutating func compileReference(
        _ value: Int, _ keyword: SchemaKeyword, _ list: inout SchemaInstructionList
    ) throws(SchemaError) {
        guard let text = list.view.string(value) else {
            throw error(.malformed, "\(keyword.name) must be a string", list)
        }
        references += 1
        guard references <= options.mostReferences else {
            throw error(.tooLarge, "the schema has more than \(options.mostReferences) references", list)
        }
        guard let found = try library.resolve(text, from: list.resource) else {
            let leadsOut = text.first != "#"
            throw error(
                .unresolvedReference,
                "\(keyword.name) '\(text.prefix(80))' leads \(leadsOut ? "to a schema that is not in the registry; nothing is fetched" : "nowhere")",
                list)
        }
        var place = found.place
        var resource = found.resource
        // What is bound outermost in the dynamic scope goes before the target itself.
        if keyword == .recursiveRef, library.resources[resource].dynamicAnchors[ExactText("")] == place {
            place = scopes.place(ExactText(""), in: list.scope) ?? place
        } else if keyword == .dynamicRef, let name = found.name,
            library.resources[resource].dynamicAnchors[name] == place
        {
            place = scopes.place(name, in: list.scope) ?? place
        }
        if let site = library.sites[place] { resource = site.resource }
        let pointer = library.sites[place]?.pointer ?? list.pointer
        let (target, block) = try reserve(place, pointer, resource, list.scope)
        if let target { waiting.append((target, pointer, block)) }
        list.add(.reference, keyword, block)
    }

    // MARK: Constants

    /// Keeps a value of the schema; answers the number that ``takeConstants()`` puts its index for, and where its text begins.
    mutating func keep(_ value: Int, _ list: SchemaInstructionList) -> (number: UInt32, text: ByteRange) {
        if constantCount > 0 { constants.append(UInt8(ascii: ",")) }
        let text = list.view.text(value)
        let range = ByteRange(offset: constants.count, count: text.count)
        constants.append(text)
        constantCount += 1
        return (UInt32(constantCount - 1), range)
    }

    private mutating func takeConstants() throws(SchemaError) -> JSONDocument {
        constants.append(UInt8(ascii: "]"))
        do {
            let document = try JSONDocument(constants.bytes)
            let values = document.view.elements(0).map { UInt32($0) }
            for index in parts.choices.indices { parts.choices[index] = values[Int(parts.choices[index])] }
            return document
        } catch {
            throw SchemaError(.tooLarge, "the constants of the schema are too large: \(error)")
        }
    }

    // MARK: Errors

    func error(_ code: SchemaError.Code, _ message: String, _ list: SchemaInstructionList) -> SchemaError {
        SchemaError(code, at: library.pointer(list.place, list.pointer), message)
    }

    func malformed(_ keyword: String, _ expected: String, _ list: SchemaInstructionList) -> SchemaError {
        error(.malformed, "'\(keyword)' must be \(expected)", list)
    }
}

/// The instructions of one subschema while they are collected.
struct SchemaInstructionList {
    let place: SchemaLibrary.Place
    let view: JSONView
    let rules: SchemaRules
    let resource: Int
    let scope: Int
    let block: UInt32
    /// Index of the subschema's path.
    let path: UInt32
    /// The subschema's place in its text.
    let pointer: String
    var instructions: [SchemaInstruction] = []

    /// The value of a keyword.
    func member(_ name: StaticString) -> Int? { view.member(place.value, named: name) }

    mutating func add(
        _ operation: SchemaInstruction.Operation, _ keyword: SchemaKeyword, _ a: UInt32 = 0, _ b: UInt32 = 0
    ) {
        instructions.append(SchemaInstruction(operation: operation, keyword: keyword, a: a, b: b, path: path))
    }
}
