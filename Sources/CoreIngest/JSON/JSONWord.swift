/// One value as the tape holds it: kind, length and offset, both in bytes of the text.
///
/// A scalar is its word alone, so scalars can be checked without a tape. Bits: 60…63 kind, 30…59 length, 0…29 offset.
/// For a container the middle is the number of its members or elements, and the low bits the index of the word after it;
/// a second word holds where its text begins (30…59) and ends (0…29).
struct JSONWord: BitwiseCopyable {
    var bits: UInt64

    enum Kind: UInt8 {
        case null, no, yes
        /// A number written without fraction and exponent.
        case integer
        case decimal
        /// A string without escapes: its bytes are its value.
        case string
        case escapedString
        case array
        case object
    }

    static let mask: UInt64 = (1 << 30) - 1

    init(bits: UInt64) { self.bits = bits }

    init(_ kind: Kind, offset: Int, length: Int) {
        bits =
            UInt64(kind.rawValue) << 60 | UInt64(truncatingIfNeeded: length) << 30 | UInt64(truncatingIfNeeded: offset)
    }

    var kind: Kind {
        // Only this file's initialiser makes words, from a kind.
        unsafeBitCast(UInt8(truncatingIfNeeded: bits >> 60), to: Kind.self)
    }
    var offset: Int { Int(truncatingIfNeeded: bits & Self.mask) }
    var length: Int { Int(truncatingIfNeeded: bits >> 30 & Self.mask) }
    /// Members or elements of a container.
    var count: Int { length }
    /// Index of the word after a container.
    var end: Int { offset }

    var isString: Bool { kind == .string || kind == .escapedString }
    var isNumber: Bool { kind == .integer || kind == .decimal }
    var isContainer: Bool { kind == .array || kind == .object }
}
