/// Hashes of keys and of a snapshot row's identity: the same in every process and on every machine, as ids and the
/// choice of a partition depend on them. Not meant to withstand an attacker.
///
/// Eight bytes at a time are folded in by the xor of both halves of a 128-bit product, then mixed to the end.
enum KeyHash {
    private static let first: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let second: UInt64 = 0xD1B5_4A32_D192_ED03
    private static let third: UInt64 = 0x8CB9_2BA7_2F3D_8DD7

    static func seed(schema: String, table: String) -> UInt64 {
        var text = "\(schema)\u{0}\(table)"
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0), seed: first) }
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// Never 0, which stands for no key.
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var state = seed ^ fold(UInt64(truncatingIfNeeded: bytes.count) ^ first, second)
        guard let base = bytes.baseAddress else { return finish(state) }
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            state = fold(word ^ second, state ^ third) &+ (state << 29 | state >> 35)
            index &+= 8
        }
        if index < bytes.count {
            var tail: UInt64 = 0
            while index < bytes.count {
                tail = tail << 8 | UInt64(base.load(fromByteOffset: index, as: UInt8.self))
                index &+= 1
            }
            state = fold(tail ^ second, state ^ third) &+ (state << 29 | state >> 35)
        }
        return finish(state)
    }

    /// Folds one number into a hash.
    static func combine(_ state: UInt64, _ value: UInt64) -> UInt64 {
        finish(fold(value ^ second, state ^ third) &+ (state << 29 | state >> 35))
    }

    private static func finish(_ state: UInt64) -> UInt64 {
        var mixed = state
        mixed = (mixed ^ mixed >> 32) &* first
        mixed = (mixed ^ mixed >> 29) &* second
        mixed ^= mixed >> 32
        return mixed == 0 ? 1 : mixed
    }
}
