import Glibc

/// Numbers as payloads have them, read without making a `String`.
enum NumberText {
    /// Nil where the text is not a whole number of 64 bits.
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        var at = 0
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { at = 1 }
        guard at < text.count, text.count - at <= 19 else { return nil }
        var value: Int64 = 0
        while at < text.count {
            let digit = text[at] &- 0x30
            guard digit <= 9 else { return nil }
            let (product, isLarge) = value.multipliedReportingOverflow(by: 10)
            // Downwards, as there is one number more below zero.
            let (sum, isLarger) = product.subtractingReportingOverflow(Int64(digit))
            if isLarge || isLarger { return nil }
            value = sum
            at += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// Nil where the text is not a number; `NaN` and `Infinity` are.
    static func double(_ text: UnsafeRawBufferPointer) -> Double? { read(text, strtod) }

    /// As ``double(_:)``, rounded once.
    static func float(_ text: UnsafeRawBufferPointer) -> Float? { read(text, strtof) }

    private static func read<Value>(
        _ text: UnsafeRawBufferPointer,
        _ parse: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Value
    ) -> Value? {
        guard !text.isEmpty, text.count < 512, text[0] > 0x20 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            for (index, byte) in text.enumerated() { copy[index] = CChar(bitPattern: byte) }
            copy[text.count] = 0
            guard let start = copy.baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = parse(start, &end)
            return end == start + text.count ? value : nil
        }
    }
}
