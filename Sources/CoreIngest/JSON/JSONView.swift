/// A text and its tape, to walk through. Values are indices into the tape; the root is 0.
///
/// A view borrows: it is valid until its ``JSONReader`` reads again, and as long as the text's bytes. It must not be kept.
package struct JSONView {
    let words: UnsafeBufferPointer<UInt64>
    package let bytes: UnsafeRawBufferPointer

    init(words: UnsafeBufferPointer<UInt64>, bytes: UnsafeRawBufferPointer) {
        self.words = words
        self.bytes = bytes
    }

    /// A JSON type, as JSON Schema names it; `integer` is a number written without fraction and exponent.
    package enum Kind: String, Sendable {
        case null, boolean, integer, number, string, array, object
    }

    package func kind(_ value: Int) -> Kind {
        switch word(value).kind {
        case .null: .null
        case .no, .yes: .boolean
        case .integer: .integer
        case .decimal: .number
        case .string, .escapedString: .string
        case .array: .array
        case .object: .object
        }
    }

    @inline(__always) func word(_ value: Int) -> JSONWord {
        precondition(value >= 0 && value < words.count)
        return JSONWord(bits: words[value])
    }

    /// The index of what follows a value.
    @inline(__always) func next(after value: Int) -> Int {
        let word = word(value)
        return word.isContainer ? word.end : value &+ 1
    }

    /// Elements of an array or members of an object; 0 for a scalar.
    package func count(_ value: Int) -> Int { word(value).isContainer ? word(value).count : 0 }

    /// True or false; nil for what is no boolean.
    package func boolean(_ value: Int) -> Bool? {
        switch word(value).kind {
        case .yes: true
        case .no: false
        case .null, .integer, .decimal, .string, .escapedString, .array, .object: nil
        }
    }

    /// What a scalar's word covers: a string without its quotes, escapes as written; a number's digits.
    @inline(__always) func raw(_ word: JSONWord) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[word.offset..<word.offset &+ word.length])
    }

    /// A value's text as it is written, quotes and brackets included.
    package func text(_ value: Int) -> UnsafeRawBufferPointer {
        let word = word(value)
        if word.isContainer {
            let span = words[value + 1]
            let start = Int(span >> 30 & JSONWord.mask)
            return UnsafeRawBufferPointer(rebasing: bytes[start..<Int(span & JSONWord.mask)])
        }
        if word.isString {
            return UnsafeRawBufferPointer(rebasing: bytes[word.offset - 1..<word.offset + word.length + 1])
        }
        return raw(word)
    }

    /// A string's value; nil for what is no string.
    package func string(_ value: Int) -> String? {
        let word = word(value)
        guard word.isString else { return nil }
        return string(of: word)
    }

    func string(of word: JSONWord) -> String {
        if word.kind == .string { return String(decoding: raw(word), as: UTF8.self) }
        var arena = ByteArena(capacity: word.length)
        JSONString.unescape(raw(word), into: &arena)
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    /// Appends a string's value to `arena`; false for what is no string.
    package func appendString(_ value: Int, to arena: inout ByteArena) -> Bool {
        let word = word(value)
        guard word.isString else { return false }
        if word.kind == .string { arena.append(raw(word)) } else { JSONString.unescape(raw(word), into: &arena) }
        return true
    }

    /// A number as it is written; nil for what is no number.
    package func number(_ value: Int) -> UnsafeRawBufferPointer? { word(value).isNumber ? raw(word(value)) : nil }

    /// An integer that is written without fraction and exponent and fits.
    package func integer(_ value: Int) -> Int? {
        let word = word(value)
        guard word.kind == .integer else { return nil }
        return Int(String(decoding: raw(word), as: UTF8.self))
    }

    /// The elements of an array, in order; empty for what is none.
    package func elements(_ value: Int) -> Elements {
        word(value).kind == .array
            ? Elements(view: self, index: value + 2, end: word(value).end) : Elements(view: self, index: 0, end: 0)
    }

    package struct Elements: Sequence, IteratorProtocol {
        let view: JSONView
        var index: Int
        let end: Int

        package mutating func next() -> Int? {
            guard index < end else { return nil }
            let value = index
            index = view.next(after: value)
            return value
        }
    }

    /// The members of an object, in order, doubles included; empty for what is none.
    package func members(_ value: Int) -> Members {
        word(value).kind == .object
            ? Members(view: self, index: value + 2, end: word(value).end) : Members(view: self, index: 0, end: 0)
    }

    package struct Member {
        /// The index of the name's word, as ``JSONView/string(_:)`` takes it.
        package let name: Int
        package let hash: UInt64
        package let value: Int
    }

    package struct Members: Sequence, IteratorProtocol {
        let view: JSONView
        var index: Int
        let end: Int

        @inline(__always) package mutating func next() -> Member? {
            guard index < end else { return nil }
            let member = Member(name: index, hash: view.words[index &+ 1], value: index &+ 2)
            index = view.next(after: member.value)
            return member
        }
    }

    /// The value of a member: of the last, where several have the name.
    package func member(_ value: Int, named name: StaticString) -> Int? {
        find(value, UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    package func member(_ value: Int, named name: String) -> Int? {
        var name = name
        return name.withUTF8 { find(value, UnsafeRawBufferPointer($0)) }
    }

    func find(_ value: Int, _ name: UnsafeRawBufferPointer) -> Int? {
        let hash = JSONString.hash(name)
        var found: Int?
        for member in members(value) where member.hash == hash && isName(word(member.name), name) {
            found = member.value
        }
        return found
    }

    @inline(__always) func isName(_ word: JSONWord, _ name: UnsafeRawBufferPointer) -> Bool {
        word.kind == .string
            ? JSONString.same(raw(word), name) : JSONString.equal(raw(word), escaped: true, name, escaped: false)
    }

    /// Whether a name occurs twice in an object. O(n log n).
    package func hasDuplicateNames(_ value: Int) -> Bool {
        let sorted = members(value).sorted { $0.hash < $1.hash }
        for index in sorted.indices {
            var other = index + 1
            while other < sorted.count, sorted[other].hash == sorted[index].hash {
                if sameName(sorted[index], sorted[other]) { return true }
                other += 1
            }
        }
        return false
    }

    private func sameName(_ one: Member, _ other: Member) -> Bool {
        let (left, right) = (word(one.name), word(other.name))
        return JSONString.equal(
            raw(left), escaped: left.kind == .escapedString, raw(right), escaped: right.kind == .escapedString)
    }
}
