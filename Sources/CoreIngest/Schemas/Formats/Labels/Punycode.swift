/// Punycode (RFC 3492) of one label, without its `xn--`.
enum Punycode {
    /// An encoded label.
    struct Text {
        private(set) var count = 0
        private var bytes = InlineArray<63, UInt8>(repeating: 0)

        fileprivate mutating func append(_ byte: UInt8) -> Bool {
            guard count < 63 else { return false }
            bytes[count] = byte
            count += 1
            return true
        }

        /// But for the case of letters.
        func equals(_ text: FormatText) -> Bool {
            count == text.count && (0..<count).allSatisfy { bytes[$0] == Punycode.lowercase(text[text.start + $0]) }
        }
    }

    // Section 5.
    private static let base = 36
    private static let leastThreshold = 1
    private static let mostThreshold = 26
    private static let initialBias = 72
    private static let initialScalar = 0x80
    private static let hyphen = UInt8(ascii: "-")

    /// Section 6.2. Nil for what is no Punycode, and for more than a label holds. Letters come out in lower case.
    static func decode(_ text: FormatText) -> LabelScalars? {
        var scalars = LabelScalars()
        var index = text.start
        if let delimiter = (text.start..<text.end).last(where: { text[$0] == hyphen }), delimiter > text.start {
            while index < delimiter {
                guard scalars.insert(UInt32(lowercase(text[index])), at: scalars.count) else { return nil }
                index += 1
            }
            index += 1
        }
        var value = initialScalar
        var bias = initialBias
        var at = 0
        while index < text.end {
            let before = at
            var weight = 1
            var step = base
            while true {
                guard let digit = digit(text[index]) else { return nil }
                index += 1
                at += digit * weight
                let threshold = threshold(step, bias)
                if digit < threshold { break }
                weight *= base - threshold
                // Far more than any code point: what comes is out of range.
                guard at < 1 << 32, weight < 1 << 32 else { return nil }
                step += base
            }
            let count = scalars.count + 1
            bias = adapt(at - before, count: count, isFirst: before == 0)
            value += at / count
            at %= count
            guard value <= 0x10FFFF, value & 0x1F_F800 != 0xD800, scalars.insert(UInt32(value), at: at) else {
                return nil
            }
            at += 1
        }
        return scalars
    }

    /// Section 6.3. Nil when it has more than 63 bytes.
    static func encode(_ scalars: LabelScalars) -> Text? {
        var text = Text()
        for index in 0..<scalars.count where scalars[index] < 0x80 {
            guard text.append(UInt8(scalars[index])) else { return nil }
        }
        let basic = text.count
        if basic > 0, !text.append(hyphen) { return nil }
        var done = basic
        var value = initialScalar
        var bias = initialBias
        var delta = 0
        while done < scalars.count {
            var next = Int.max
            for index in 0..<scalars.count where Int(scalars[index]) >= value { next = min(next, Int(scalars[index])) }
            delta += (next - value) * (done + 1)
            value = next
            for index in 0..<scalars.count {
                if Int(scalars[index]) < value { delta += 1 }
                guard Int(scalars[index]) == value else { continue }
                var rest = delta
                var step = base
                while true {
                    let threshold = threshold(step, bias)
                    if rest < threshold { break }
                    let digit = threshold + (rest - threshold) % (base - threshold)
                    guard text.append(letter(digit)) else { return nil }
                    rest = (rest - threshold) / (base - threshold)
                    step += base
                }
                guard text.append(letter(rest)) else { return nil }
                bias = adapt(delta, count: done + 1, isFirst: done == basic)
                delta = 0
                done += 1
            }
            delta += 1
            value += 1
        }
        return text
    }

    private static func threshold(_ step: Int, _ bias: Int) -> Int {
        min(max(step - bias, leastThreshold), mostThreshold)
    }

    /// Section 6.1.
    private static func adapt(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var bias = 0
        while delta > (base - leastThreshold) * mostThreshold / 2 {
            delta /= base - leastThreshold
            bias += base
        }
        return bias + (base - leastThreshold + 1) * delta / (delta + 38)
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    private static func digit(_ byte: UInt8) -> Int? {
        if byte.isASCIILetter { return Int((byte | 0x20) &- 0x61) }
        return byte.isASCIIDigit ? Int(byte &- 0x30) + 26 : nil
    }

    private static func letter(_ digit: Int) -> UInt8 { UInt8(digit < 26 ? digit + 0x61 : digit - 26 + 0x30) }
}
