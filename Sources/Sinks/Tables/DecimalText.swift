/// A number as payloads have it, read digit by digit: `-12.50`. With an exponent, `NaN` and infinities are not numbers here.
package struct DecimalText {
    package var isNegative = false
    /// Digits before and behind the point, without leading zeros before it.
    package var whole: Int
    package var fraction: Int
    private var text: UnsafeRawBufferPointer
    private var start: Int

    /// Nil where the text is not a number with digits only. The bytes must outlive the value.
    package init?(_ text: UnsafeRawBufferPointer) {
        var at = 0
        if text.first == UInt8(ascii: "-") {
            isNegative = true
            at = 1
        }
        while at < text.count, text[at] == UInt8(ascii: "0") { at += 1 }
        start = at
        self.text = text
        while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
        whole = at - start
        fraction = 0
        if at < text.count, text[at] == UInt8(ascii: ".") {
            let point = at
            at += 1
            while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
            fraction = at - point - 1
        }
        guard at == text.count, at > (isNegative ? 1 : 0) else { return nil }
    }

    /// Whether a column of so many digits, of which so many are behind the point, holds it as it is.
    package func fits(precision: Int, scale: Int) -> Bool { fraction <= scale && whole <= precision - scale }

    /// The number times 10^scale as four words, the lowest first, in two's complement; nil where it does not fit.
    package func scaled(precision: Int, scale: Int) -> (UInt64, UInt64, UInt64, UInt64)? {
        guard precision <= 76, fits(precision: precision, scale: scale) else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        func add(_ digit: UInt8) {
            var carry = UInt64(digit)
            func step(_ word: inout UInt64) {
                let product = word.multipliedFullWidth(by: 10)
                let (sum, overflow) = product.low.addingReportingOverflow(carry)
                word = sum
                carry = product.high &+ (overflow ? 1 : 0)
            }
            step(&words.0)
            step(&words.1)
            step(&words.2)
            step(&words.3)
        }
        for at in start..<text.count where text[at] != UInt8(ascii: ".") { add(text[at] - 0x30) }
        for _ in fraction..<max(fraction, scale) { add(0) }
        guard isNegative else { return words }
        var carry = true
        func negate(_ word: inout UInt64) {
            let (sum, overflow) = (~word).addingReportingOverflow(carry ? 1 : 0)
            word = sum
            carry = overflow
        }
        negate(&words.0)
        negate(&words.1)
        negate(&words.2)
        negate(&words.3)
        return words
    }
}
