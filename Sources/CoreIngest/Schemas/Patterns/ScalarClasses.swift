/// The code points in classes that no set of a pattern tells apart, so that tables have a column per class.
struct ScalarClasses: Sendable {
    /// Where each run of one class begins, and its class.
    private let starts: [UInt32]
    private let ids: [UInt16]
    /// The class by first byte of UTF-8, where all code points with it have the same; else ``mixed``.
    let leads: [UInt16]
    let count: Int
    /// By set and class: whether the class is in the set.
    private let members: [Bool]
    /// By class: whether its characters are those of `\w`. Without meaning if the pattern asks for no boundary of
    /// words.
    let isWord: [Bool]

    static let mixed: UInt16 = .max

    init(_ sets: [ScalarSet], words: Bool) {
        let all = words ? sets + [.word] : sets
        var edges: [(point: UInt32, set: Int)] = []
        for (index, set) in all.enumerated() {
            for range in set.ranges {
                edges.append((range.low, index))
                edges.append((range.high + 1, index))
            }
        }
        edges.sort { $0.point < $1.point }
        var starts: [UInt32] = []
        var ids: [UInt16] = []
        var signature = [UInt64](repeating: 0, count: (all.count + 63) / 64)
        var known: [[UInt64]: UInt16] = [:]
        var signatures: [[UInt64]] = []
        var next = 0
        var point: UInt32 = 0
        while point <= ScalarSet.last {
            while next < edges.count, edges[next].point == point {
                signature[edges[next].set >> 6] ^= 1 << UInt64(edges[next].set & 63)
                next += 1
            }
            let id = known[signature] ?? UInt16(signatures.count)
            if id == UInt16(signatures.count) {
                known[signature] = id
                signatures.append(signature)
            }
            if ids.last != id {
                starts.append(point)
                ids.append(id)
            }
            point = next < edges.count ? edges[next].point : ScalarSet.last + 1
        }
        self.starts = starts
        self.ids = ids
        count = signatures.count
        members = all.indices.flatMap { set in signatures.map { $0[set >> 6] >> UInt64(set & 63) & 1 == 1 } }
        isWord = words ? Array(members.suffix(signatures.count)) : []
        var leads = [UInt16](repeating: Self.mixed, count: 256)
        for byte in 0..<256 {
            let (low, high) = Self.range(of: UInt32(byte))
            let run = Self.run(of: low, starts)
            if run == Self.run(of: high, starts) { leads[byte] = ids[run] }
        }
        self.leads = leads
    }

    /// The class of the character at `index`, which moves behind it.
    @inline(__always)
    func take(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Int {
        let first = text[index]
        if first < 0x80 {
            index &+= 1
            return Int(leads[Int(first)])
        }
        return Int(ids[Self.run(of: text.takeScalar(&index), starts)])
    }

    func takeBackward(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Int {
        Int(ids[Self.run(of: text.takeScalarBackward(&index), starts)])
    }

    @inline(__always)
    func contains(set: UInt16, _ id: Int) -> Bool { members[Int(set) &* count &+ id] }

    func id(of scalar: UInt32) -> UInt16 { ids[Self.run(of: scalar, starts)] }

    var byteCount: Int { starts.count * 4 + ids.count * 2 + leads.count * 2 + members.count + isWord.count }

    private static func run(of scalar: UInt32, _ starts: [UInt32]) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) >> 1
            if starts[middle] <= scalar { low = middle } else { high = middle }
        }
        return low
    }

    /// The code points whose UTF-8 begins with the byte. Bytes that begin nothing are read as U+FFFD.
    private static func range(of byte: UInt32) -> (UInt32, UInt32) {
        switch byte {
        case 0..<0x80: (byte, byte)
        case 0xC2..<0xE0: ((byte & 0x1F) << 6, (byte & 0x1F) << 6 | 0x3F)
        case 0xE0..<0xF0: (max((byte & 0x0F) << 12, 0x800), (byte & 0x0F) << 12 | 0xFFF)
        case 0xF0..<0xF5: (max((byte & 0x07) << 18, 0x10000), min((byte & 0x07) << 18 | 0x3FFFF, ScalarSet.last))
        default: (0xFFFD, 0xFFFD)
        }
    }
}
