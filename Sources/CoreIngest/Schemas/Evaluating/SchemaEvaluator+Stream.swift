#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension SchemaEvaluator {
    /// Checks a row while reading it once: no tape but for the containers in it. The properties are expected in the schema's
    /// order, with gaps, as rows have their columns.
    ///
    /// Nil when it takes a tape after all: the text is no object, its order is another, or a name comes twice.
    mutating func stream(
        _ program: SchemaProgram, _ object: SchemaObject, _ text: UnsafeRawBufferPointer, partial: Bool
    ) throws(JSONError) -> Bool? {
        let input = text.bytes
        guard text.count <= reader.limits.bytes else { throw JSONError(.tooLarge, at: reader.limits.bytes, in: input) }
        let scalars = JSONView(words: UnsafeBufferPointer(start: nil, count: 0), bytes: text)
        var at = 0
        JSONLexer.skipSpace(input, &at)
        guard at < text.count, text[at] == UInt8(ascii: "{") else { return nil }
        at &+= 1
        JSONLexer.skipSpace(input, &at)
        var expected = Int(object.first)
        let end = expected + Int(object.count)
        var required = 0
        if at < text.count, text[at] == UInt8(ascii: "}") {
            at &+= 1
        } else {
            while true {
                let name = try name(program, object, text, &at, expected: expected, end: end)
                if name == Self.outOfOrder { return nil }
                var block = object.additional
                if name >= 0 {
                    let property = program.properties[name]
                    block = property.block
                    if property.isRequired { required &+= 1 }
                    expected = name &+ 1
                }
                guard at < text.count else { throw JSONError(.unexpectedEnd, at: at, in: input) }
                if text[at] == UInt8(ascii: "{") || text[at] == UInt8(ascii: "[") {
                    try reader.readValue(input, &at, depth: 1)
                    let view = JSONView(
                        words: UnsafeBufferPointer(start: reader.tape.base, count: reader.tape.count), bytes: text)
                    if !passes(program, block, view.word(0), 0, view, partial: false) { return false }
                } else {
                    let word = try JSONLexer.scalar(input, &at)
                    if !passes(program, block, word, 0, scalars, partial: false) { return false }
                }
                JSONLexer.skipSpace(input, &at)
                guard at < text.count else { throw JSONError(.unexpectedEnd, at: at, in: input) }
                at &+= 1
                if text[at &- 1] == UInt8(ascii: "}") { break }
                guard text[at &- 1] == UInt8(ascii: ",") else {
                    throw JSONError(.unexpectedByte, at: at &- 1, in: input)
                }
                JSONLexer.skipSpace(input, &at)
            }
        }
        JSONLexer.skipSpace(input, &at)
        if at < text.count { throw JSONError(.trailingBytes, at: at, in: input) }
        return partial || required == Int(object.requiredCount)
    }

    private static var unknown: Int { -1 }
    private static var outOfOrder: Int { -2 }

    /// Reads a name and its colon. Answers the index of its property, ``unknown`` or ``outOfOrder``.
    @inline(__always) private func name(
        _ program: SchemaProgram, _ object: SchemaObject, _ text: UnsafeRawBufferPointer, _ at: inout Int,
        expected: Int,
        end: Int
    ) throws(JSONError) -> Int {
        if expected < end {
            // The next property of the schema, byte for byte: neither a scan nor a hash.
            let property = program.properties[expected]
            let name = program.name(of: property)
            let after = at &+ 1 &+ name.count
            if property.isPlain, after &+ 1 < text.count, text[at] == UInt8(ascii: "\""),
                text[after] == UInt8(ascii: "\""),
                text[after &+ 1] == UInt8(ascii: ":"),
                JSONString.same(name, UnsafeRawBufferPointer(rebasing: text[at &+ 1..<after]))
            {
                at = after &+ 2
                JSONLexer.skipSpace(text.bytes, &at)
                return expected
            }
        }
        let input = text.bytes
        let word = try JSONReader.name(input, &at)
        let view = JSONView(words: UnsafeBufferPointer(start: nil, count: 0), bytes: text)
        guard let index = program.property(object, hash: JSONString.hash(input, word), name: word, in: view) else {
            return Self.unknown
        }
        return index < expected ? Self.outOfOrder : index
    }
}
