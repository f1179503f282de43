/// A number exactly as it is written: sign, digits, exponent. No digit passes through a double.
///
/// It borrows the text: valid as long as those bytes.
struct JSONDecimal {
    private let text: UnsafeRawBufferPointer
    let isNegative: Bool
    /// The first and last digit that is not zero, as indices into the text; a dot may lie between them.
    private let first: Int
    private let last: Int
    /// The power of ten of the first digit: 2 for 512, -3 for 0.0075.
    private let magnitude: Int
    /// The power of ten of the last digit.
    let exponent: Int
    let isZero: Bool

    /// `text`: a number that the reader has accepted.
    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        var index = 0
        isNegative = text.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var dot = -1
        var first = -1
        var last = -1
        var end = text.count
        var exponent = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                dot = index
            } else if byte | 0x20 == UInt8(ascii: "e") {
                end = index
                exponent = Self.exponent(text, from: index + 1)
                break
            } else if byte != UInt8(ascii: "0") {
                if first < 0 { first = index }
                last = index
            }
            index += 1
        }
        if dot < 0 { dot = end }
        isZero = first < 0
        self.first = max(first, 0)
        self.last = max(last, 0)
        magnitude = isZero ? 0 : Self.power(of: first, dot: dot) + exponent
        self.exponent = isZero ? 0 : Self.power(of: last, dot: dot) + exponent
    }

    private static func power(of digit: Int, dot: Int) -> Int { digit < dot ? dot - digit - 1 : dot - digit }

    /// The exponent's value; held within ±10¹⁵, beyond which no text has digits enough to make a difference.
    private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var value = 0
        var negative = false
        for index in start..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "-") { negative = true }
            if byte &- 0x30 < 10 { value = min(value * 10 + Int(byte &- 0x30), 1_000_000_000_000_000) }
        }
        return negative ? -value : value
    }

    /// A whole number, however it is written: 1, 1.0, 10e-1.
    var isWhole: Bool { isZero || exponent >= 0 }

    /// -1, 0 or 1, as the first is less than, equal to or greater than the second. O(digits).
    static func compare(_ left: JSONDecimal, _ right: JSONDecimal) -> Int {
        if left.isZero || right.isZero {
            if left.isZero && right.isZero { return 0 }
            return left.isZero ? (right.isNegative ? 1 : -1) : (left.isNegative ? -1 : 1)
        }
        if left.isNegative != right.isNegative { return left.isNegative ? -1 : 1 }
        let order = compareMagnitudes(left, right)
        return left.isNegative ? -order : order
    }

    private static func compareMagnitudes(_ left: JSONDecimal, _ right: JSONDecimal) -> Int {
        if left.magnitude != right.magnitude { return left.magnitude < right.magnitude ? -1 : 1 }
        var one = left.first
        var other = right.first
        while one <= left.last || other <= right.last {
            let a = left.digit(&one)
            let b = right.digit(&other)
            if a != b { return a < b ? -1 : 1 }
        }
        return 0
    }

    /// The digit at `index`, which moves on; 0 past the last.
    private func digit(_ index: inout Int) -> UInt8 {
        if index > last { return 0 }
        if text[index] == UInt8(ascii: ".") { index += 1 }
        index += 1
        return text[index - 1] &- 0x30
    }

    /// The digits without sign and point, when they fit 64 bits.
    var significand: UInt64? {
        if isZero { return 0 }
        var value: UInt64 = 0
        var index = first
        while index <= last {
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit(&index)))
            if over || carry { return nil }
            value = sum
        }
        return value
    }

    /// Whether this is a whole multiple of `significand` · 10^`exponent`, whose last digit is not zero. Exact, for any size.
    func isMultiple(of significand: UInt64, exponent divisorExponent: Int) -> Bool {
        if isZero { return true }
        if significand == 0 { return false }
        // Our last digit is not zero: no multiple of ten times anything whole is left.
        if exponent < divisorExponent { return false }
        let modulus = UInt128(significand)
        var rest: UInt128 = 0
        var index = first
        while index <= last { rest = (rest * 10 + UInt128(digit(&index))) % modulus }
        // rest · 10^(exponent - divisorExponent) mod significand, by squaring.
        var power = exponent - divisorExponent
        var base = UInt128(10) % modulus
        while power > 0 {
            if power & 1 == 1 { rest = rest * base % modulus }
            base = base * base % modulus
            power >>= 1
        }
        return rest == 0
    }

    /// The value of an integer of at most 18 digits; nil for any other number.
    @inline(__always) static func small(_ text: UnsafeRawBufferPointer, _ kind: JSONWord.Kind) -> Int64? {
        guard kind == .integer, text.count <= 18, text.count > 0 else { return nil }
        var value: Int64 = 0
        let negative = text[0] == UInt8(ascii: "-")
        var index = negative ? 1 : 0
        while index < text.count {
            value = value &* 10 &+ Int64(text[index] &- 0x30)
            index &+= 1
        }
        return negative ? -value : value
    }
}
