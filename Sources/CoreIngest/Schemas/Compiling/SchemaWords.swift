/// Words of an `enum`, or the tags of an `anyOf` or `oneOf`, that are found by hash. Made by ``SchemaFusion`` only.
struct SchemaWordSet: BitwiseCopyable {
    /// Into the program's words: a table by hash, a power of two long, linear probing.
    var first: UInt32
    var mask: UInt32
    /// The end of the choices or branches of the instruction that this stands for.
    var end: UInt32
    /// Tags only: the property that has the tag, an index into the program's properties.
    var tag: UInt32 = 0
}

/// A slot of the table.
struct SchemaWord: BitwiseCopyable {
    var hash: UInt64
    /// The word, among the program's constants; 0 in an empty slot.
    var constant: UInt32
    /// Tags only: what a value with this tag must pass.
    var block: UInt32
}

/// Tables of words while they are made.
struct SchemaWordTables {
    private(set) var words: [SchemaWord] = []
    private(set) var sets: [SchemaWordSet] = []
    /// A table in which a word is further from its place is not made: its words were chosen to collide.
    private static let mostProbes = 64

    /// The number of a new set; nil when two blocks have the same word, or the words cannot be told apart fast.
    mutating func add(
        _ entries: [(constant: UInt32, block: UInt32)], in constants: JSONView, _ set: SchemaWordSet
    ) -> Int? {
        var size = 4
        while size < entries.count * 2 { size *= 2 }
        let empty = SchemaWord(hash: 0, constant: 0, block: 0)
        var table = [SchemaWord](repeating: empty, count: size)
        for entry in entries {
            let text = constants.raw(constants.word(Int(entry.constant)))
            let hash = JSONString.hash(text)
            var slot = Int(truncatingIfNeeded: hash) & (size - 1)
            var probes = 0
            while table[slot].constant != 0 {
                let other = table[slot]
                if other.hash == hash,
                    JSONString.same(text, constants.raw(constants.word(Int(other.constant))))
                {
                    break
                }
                probes += 1
                if probes > Self.mostProbes { return nil }
                slot = (slot + 1) & (size - 1)
            }
            if table[slot].constant != 0 {
                if table[slot].block != entry.block { return nil }
                continue
            }
            table[slot] = SchemaWord(hash: hash, constant: entry.constant, block: entry.block)
        }
        var set = set
        set.first = UInt32(words.count)
        set.mask = UInt32(size - 1)
        words += table
        sets.append(set)
        return sets.count - 1
    }
}

extension SchemaProgram {
    /// An `anyOf` or `oneOf` as it is evaluated, so that both passes look at the same branches.
    func byTag(_ instruction: SchemaInstruction) -> SchemaInstruction {
        guard let set = tags[instruction.a] else { return instruction }
        var tagged = instruction
        tagged.operation = .tagged
        tagged.b = set
        return tagged
    }

    /// The entry of a word, given by its text, in which nothing is escaped.
    @inline(__always) func word(_ text: UnsafeRawBufferPointer, in set: SchemaWordSet) -> SchemaWord? {
        let hash = JSONString.hash(text)
        let constants = constants.view
        var slot = UInt32(truncatingIfNeeded: hash) & set.mask
        while true {
            let word = words[Int(set.first &+ slot)]
            if word.constant == 0 { return nil }
            if word.hash == hash, JSONString.same(text, constants.raw(constants.word(Int(word.constant)))) {
                return word
            }
            slot = (slot &+ 1) & set.mask
        }
    }
}
