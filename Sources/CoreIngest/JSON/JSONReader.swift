/// Reads JSON in one pass onto a tape that it uses again for the next text. Nothing is allocated per value.
///
/// The whole grammar of RFC 8259 is checked, and UTF-8. Numbers stay as they are written. A name that occurs twice in an
/// object is kept twice: look-ups answer the last, and ``JSONView/hasDuplicateNames(_:)`` tells. An escaped surrogate
/// without its other half is accepted, and read as U+FFFD.
package struct JSONReader: ~Copyable {
    var tape = JSONTape()
    package let limits: JSONLimits

    package init(limits: JSONLimits = JSONLimits()) { self.limits = limits }

    /// Reads one value, with nothing but space around it. The view is valid until the next call, and as long as `bytes`.
    package mutating func read(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONView {
        var at = 0
        let input = bytes.bytes
        JSONLexer.skipSpace(input, &at)
        if at == input.byteCount { throw JSONError(.empty, at: at, in: input) }
        try readValue(input, &at)
        JSONLexer.skipSpace(input, &at)
        if at < input.byteCount { throw JSONError(.trailingBytes, at: at, in: input) }
        return JSONView(words: UnsafeBufferPointer(start: tape.base, count: tape.count), bytes: bytes)
    }

    /// Reads the value that begins at `at`, which moves past it. `depth`: containers around it already.
    mutating func readValue(_ input: RawSpan, _ at: inout Int, depth outer: Int = 0) throws(JSONError) {
        guard input.byteCount <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes, in: input) }
        tape.removeAll()
        // The open container's index; while it is open, its low bits hold the index of the one around it.
        var open = -1
        var depth = outer
        value: while true {
            guard at < input.byteCount else { throw JSONError(.unexpectedEnd, at: at, in: input) }
            let first = JSONLexer.byte(input, at)
            if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                let isObject = first == UInt8(ascii: "{")
                depth &+= 1
                if depth > limits.depth { throw JSONError(.tooDeep, at: at, in: input) }
                let index = tape.count
                tape.append(JSONWord(isObject ? .object : .array, offset: open &+ 1, length: 0).bits)
                tape.append(UInt64(at) << 30)
                open = index
                at &+= 1
                JSONLexer.skipSpace(input, &at)
                guard at < input.byteCount else { throw JSONError(.unexpectedEnd, at: at, in: input) }
                if JSONLexer.byte(input, at) != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { try readName(input, &at) }
                    continue value
                }
            } else {
                tape.append(try JSONLexer.scalar(input, &at).bits)
                if open < 0 { return }
                tape[open] &+= 1 << 30
                JSONLexer.skipSpace(input, &at)
            }
            // After a value, or at the end of an empty container.
            while true {
                guard at < input.byteCount else { throw JSONError(.unexpectedEnd, at: at, in: input) }
                let next = JSONLexer.byte(input, at)
                let isObject = JSONWord(bits: tape[open]).kind == .object
                at &+= 1
                if next == UInt8(ascii: ",") && JSONWord(bits: tape[open]).count > 0 {
                    JSONLexer.skipSpace(input, &at)
                    if isObject { try readName(input, &at) }
                    continue value
                }
                guard next == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw JSONError(.unexpectedByte, at: at &- 1, in: input)
                }
                let word = JSONWord(bits: tape[open])
                tape[open] = word.bits & ~JSONWord.mask | UInt64(tape.count)
                tape[open &+ 1] |= UInt64(at)
                open = word.offset &- 1
                depth &-= 1
                if open < 0 { return }
                tape[open] &+= 1 << 30
                JSONLexer.skipSpace(input, &at)
            }
        }
    }

    /// A name, its colon, and the space before the value.
    @inline(__always) private mutating func readName(_ input: RawSpan, _ at: inout Int) throws(JSONError) {
        let name = try Self.name(input, &at)
        tape.append(name.bits)
        tape.append(JSONString.hash(input, name))
    }

    @inline(__always) static func name(_ input: RawSpan, _ at: inout Int) throws(JSONError) -> JSONWord {
        guard at < input.byteCount else { throw JSONError(.unexpectedEnd, at: at, in: input) }
        guard JSONLexer.byte(input, at) == UInt8(ascii: "\"") else { throw JSONError(.expectedKey, at: at, in: input) }
        at &+= 1
        let name = try JSONLexer.string(input, &at)
        JSONLexer.skipSpace(input, &at)
        guard at < input.byteCount else { throw JSONError(.unexpectedEnd, at: at, in: input) }
        guard JSONLexer.byte(input, at) == UInt8(ascii: ":") else { throw JSONError(.expectedColon, at: at, in: input) }
        at &+= 1
        JSONLexer.skipSpace(input, &at)
        return name
    }
}
