/// Turns the text of a JSON Schema into a ``SchemaProgram``.
///
/// A keyword that is known to JSON Schema and not checked here is an error (``SchemaError/Code/unsupportedKeyword``), so that
/// no payload passes for want of a check. Keywords that no dialect knows are annotations, and ignored. References stay in
/// the schema's own text (`#`, `#/definitions/…`); nothing is ever fetched.
package struct SchemaCompiler: ~Copyable {
    let document: JSONDocument
    let view: JSONView
    let dialect: SchemaDialect
    let options: SchemaOptions
    let assertsFormats: Bool
    var parts = SchemaProgram.Parts()
    /// The block of each subschema, by its index on the tape.
    private var known: [Int: UInt32] = [:]
    /// Subschemas that are referred to and wait to be compiled.
    private var waiting: [(value: Int, block: UInt32, path: String)] = []

    /// Compiles the text of a schema.
    static func compile(_ text: UnsafeRawBufferPointer, options: SchemaOptions = SchemaOptions()) throws(SchemaError)
        -> SchemaProgram
    {
        guard text.count <= options.mostBytes else {
            throw SchemaError(.tooLarge, "the schema has \(text.count) bytes, more than \(options.mostBytes)")
        }
        let document: JSONDocument
        do {
            document = try JSONDocument(text, limits: JSONLimits(depth: options.mostDepth))
        } catch {
            throw SchemaError(.notJSON, "the schema is \(error)")
        }
        let compiler = try SchemaCompiler(document, options)
        return try compiler.finish()
    }

    static func compile(_ text: String, options: SchemaOptions = SchemaOptions()) throws(SchemaError) -> SchemaProgram {
        var arena = ByteArena(capacity: text.utf8.count)
        arena.append(text: text)
        return try compile(arena.bytes, options: options)
    }

    private init(_ document: JSONDocument, _ options: SchemaOptions) throws(SchemaError) {
        self.document = document
        self.options = options
        view = document.view
        dialect = try Self.dialect(of: document.view, options)
        switch options.formats {
        case .assert: assertsFormats = true
        case .annotate: assertsFormats = false
        case .byDialect: assertsFormats = dialect.assertsFormats
        }
        parts.blocks = [SchemaBlock(start: 0, end: 0), SchemaBlock(start: 0, end: 1)]
        parts.paths = [""]
        parts.instructions = [SchemaInstruction(operation: .never, path: 0)]
    }

    private static func dialect(of view: JSONView, _ options: SchemaOptions) throws(SchemaError) -> SchemaDialect {
        guard let value = view.member(0, named: "$schema") else { return options.dialect }
        guard let uri = view.string(value) else {
            throw SchemaError(.malformed, at: "/$schema", "$schema must be a string")
        }
        guard let dialect = SchemaDialect(uri: uri) else {
            throw SchemaError(
                .unknownDialect, at: "/$schema",
                "$schema is none of drafts 4, 6, 7, 2019-09, 2020-12 and Iglu's; use one of them")
        }
        return dialect
    }

    private consuming func finish() throws(SchemaError) -> SchemaProgram {
        parts.root = try compile(0, "")
        while let next = waiting.popLast() { try compile(next.value, next.path, into: next.block) }
        try refuseEndlessReferences()
        return SchemaProgram(parts, document: document, dialect: dialect)
    }

    /// Compiles the subschema at a value of the text, once; answers its block.
    mutating func compile(_ value: Int, _ path: String) throws(SchemaError) -> UInt32 {
        switch view.kind(value) {
        case .boolean: return view.boolean(value) == true ? SchemaBlock.always : SchemaBlock.never
        case .object: break
        case .null, .integer, .number, .string, .array:
            throw SchemaError(.malformed, at: path, "a schema must be an object or a boolean")
        }
        if let block = known[value] { return block }
        let block = try reserve(value)
        try compile(value, path, into: block)
        return block
    }

    private mutating func reserve(_ value: Int) throws(SchemaError) -> UInt32 {
        guard parts.blocks.count < options.mostSubschemas else {
            throw SchemaError(.tooLarge, "the schema has more than \(options.mostSubschemas) subschemas")
        }
        parts.blocks.append(SchemaBlock(start: 0, end: 0))
        let block = UInt32(parts.blocks.count - 1)
        known[value] = block
        return block
    }

    private mutating func compile(_ value: Int, _ path: String, into block: UInt32) throws(SchemaError) {
        parts.paths.append(path)
        var list = SchemaInstructionList(path: UInt32(parts.paths.count - 1), pointer: path)
        if dialect.referenceStandsAlone, let reference = view.member(value, named: "$ref"),
            view.kind(reference) == .string
        {
            try compileReference(reference, &list)
        } else {
            try refuseUnsupported(value, path)
            // Cheap checks first.
            try compileValueKeywords(value, &list)
            try compileNumberKeywords(value, &list)
            try compileStringKeywords(value, &list)
            try compileArrayKeywords(value, &list)
            try compileObjectKeywords(value, &list)
            try compileApplicators(value, &list)
            if let reference = view.member(value, named: "$ref") { try compileReference(reference, &list) }
        }
        let start = UInt32(parts.instructions.count)
        parts.instructions += list.instructions
        parts.blocks[Int(block)] = SchemaBlock(start: start, end: UInt32(parts.instructions.count))
    }

    // MARK: References

    private mutating func compileReference(_ value: Int, _ list: inout SchemaInstructionList) throws(SchemaError) {
        guard let text = view.string(value) else {
            throw SchemaError(.malformed, at: list.pointer, "$ref must be a string")
        }
        guard text.first == "#" else {
            throw SchemaError(
                .unresolvedReference, at: list.pointer,
                "$ref leads out of the schema, which is not followed; put the definition into the schema itself")
        }
        guard let target = resolve(text.dropFirst()) else {
            throw SchemaError(.unresolvedReference, at: list.pointer, "$ref '\(text.prefix(80))' leads nowhere")
        }
        if view.kind(target) != .object {
            list.add(.reference, try compile(target, String(text.dropFirst())))
        } else if let block = known[target] {
            list.add(.reference, block)
        } else {
            let block = try reserve(target)
            waiting.append((target, block, String(text.dropFirst())))
            list.add(.reference, block)
        }
    }

    /// A JSON pointer as a URI fragment (RFC 6901, section 6).
    private func resolve(_ fragment: Substring) -> Int? {
        guard let decoded = Self.percentDecoded(fragment) else { return nil }
        if decoded.isEmpty { return 0 }
        guard decoded.first == "/" else { return nil }
        var value = 0
        for part in decoded.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let name = Self.replacing("~0", by: "~", in: Self.replacing("~1", by: "/", in: String(part)))
            switch view.kind(value) {
            case .object:
                guard let member = view.member(value, named: name) else { return nil }
                value = member
            case .array:
                guard let index = Int(name), index >= 0, index < view.count(value) else { return nil }
                var elements = view.elements(value)
                for _ in 0..<index { _ = elements.next() }
                guard let element = elements.next() else { return nil }
                value = element
            case .null, .boolean, .integer, .number, .string: return nil
            }
        }
        return value
    }

    private static func replacing(_ pattern: String, by text: String, in whole: String) -> String {
        whole.split(separator: pattern, omittingEmptySubsequences: false).joined(separator: text)
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(), let a = JSONString.hexValue(high),
                let b = JSONString.hexValue(low)
            else { return nil }
            bytes.append(UInt8(a << 4 | b))
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A chain of references that comes back without going into the value would never end.
    private func refuseEndlessReferences() throws(SchemaError) {
        enum Mark { case open, done }
        var marks: [UInt32: Mark] = [:]
        for start in parts.blocks.indices.map(UInt32.init) where marks[start] == nil {
            var stack: [(block: UInt32, next: [UInt32])] = [(start, inPlaceBlocks(of: start))]
            marks[start] = .open
            while let top = stack.indices.last {
                guard let next = stack[top].next.popLast() else {
                    marks[stack[top].block] = .done
                    stack.removeLast()
                    continue
                }
                switch marks[next] {
                case .done: continue
                case .open:
                    throw SchemaError(
                        .endlessReference, at: path(of: next),
                        "a $ref leads back to itself without going into the value")
                case nil:
                    marks[next] = .open
                    stack.append((next, inPlaceBlocks(of: next)))
                }
            }
        }
    }

    private func path(of block: UInt32) -> String {
        let range = parts.blocks[Int(block)]
        return range.start < range.end ? parts.paths[Int(parts.instructions[Int(range.start)].path)] : ""
    }

    /// The blocks that are asked about the same value.
    private func inPlaceBlocks(of block: UInt32) -> [UInt32] {
        let range = parts.blocks[Int(block)]
        var found: [UInt32] = []
        for instruction in parts.instructions[Int(range.start)..<Int(range.end)] {
            switch instruction.operation {
            case .reference, .not: found.append(instruction.a)
            case .allOf, .anyOf, .oneOf: found += parts.branches[Int(instruction.a)..<Int(instruction.b)]
            case .never, .type, .choice, .constant, .minLength, .maxLength, .minimum, .maximum, .exclusiveMinimum,
                .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .items, .minProperties,
                .maxProperties,
                .object, .format:
                continue
            }
        }
        return found
    }
}

/// The instructions of one subschema while they are collected.
struct SchemaInstructionList {
    /// Index of the subschema's path.
    let path: UInt32
    /// The subschema's place, for errors.
    let pointer: String
    var instructions: [SchemaInstruction] = []

    mutating func add(_ operation: SchemaInstruction.Operation, _ a: UInt32 = 0, _ b: UInt32 = 0) {
        instructions.append(SchemaInstruction(operation: operation, a: a, b: b, path: path))
    }
}
