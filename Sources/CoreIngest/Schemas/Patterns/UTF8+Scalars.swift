/// Code points of text that is UTF-8. Bytes that are not never lead out of the buffer; each is then U+FFFD.
extension UnsafeRawBufferPointer {
    /// The code point at `index`, which moves behind it.
    @inline(__always)
    func takeScalar(_ index: inout Int) -> UInt32 {
        let first = UInt32(self[index])
        index &+= 1
        if first < 0x80 { return first }
        let length = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3
        guard first >= 0xC2, index &+ length <= count else { return 0xFFFD }
        var scalar = first & (0x3F >> UInt32(truncatingIfNeeded: length))
        for offset in 0..<length {
            let byte = self[index &+ offset]
            guard byte & 0xC0 == 0x80 else { return 0xFFFD }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        index &+= length
        return Swift.min(scalar, ScalarSet.last)
    }

    /// The code point that ends at `index`, which moves before it.
    func takeScalarBackward(_ index: inout Int) -> UInt32 {
        let end = index
        var first = end &- 1
        while first > 0, end &- first < 4, self[first] & 0xC0 == 0x80 { first &-= 1 }
        var after = first
        let scalar = takeScalar(&after)
        guard after == end else {
            index = end &- 1
            return 0xFFFD
        }
        index = first
        return scalar
    }
}
