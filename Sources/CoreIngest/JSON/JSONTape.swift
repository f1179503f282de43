/// The words of one text, in its order; reused from text to text. See ``JSONWord``.
///
/// A member of an object is three parts: the word of its name, the hash of the (unescaped) name, and its value.
struct JSONTape: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt64>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = max(capacity, 16)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    mutating func removeAll() { count = 0 }

    @inline(__always) mutating func append(_ word: UInt64) {
        if count == capacity { grow() }
        base[count] = word
        count &+= 1
    }

    @inline(never) private mutating func grow() {
        let bigger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
        bigger.update(from: base, count: count)
        base.deallocate()
        base = bigger
        capacity *= 2
    }

    subscript(index: Int) -> UInt64 {
        @inline(__always) get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        @inline(__always) set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }
}
