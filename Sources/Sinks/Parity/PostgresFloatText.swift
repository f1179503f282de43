import CoreIngest

extension ByteArena {
    /// Appends a number as Postgres writes a `double precision`: the fewest digits that read back the same, `1e+20`, `Infinity`.
    mutating func append(postgresDouble value: Double) {
        appendPostgres(value.description, mostExponent: 15, isNegative: value.sign == .minus)
    }

    /// Appends a number that was stored as a double, as Postgres writes it in a type of so many bits.
    mutating func append(_ value: Double, bits: Int) {
        if bits <= 32 { append(postgresReal: Float(value)) } else { append(postgresDouble: value) }
    }

    /// The same for `real`.
    mutating func append(postgresReal value: Float) {
        appendPostgres(value.description, mostExponent: 6, isNegative: value.sign == .minus)
    }

    /// Rewrites the shortest digits that Swift found. Source: PostgreSQL, src/common/d2s.c, `double_to_shortest_decimal_bufn`: scientific
    /// where the exponent is below -4 or not below 15 (`real`: 6), with at least two digits of exponent.
    private mutating func appendPostgres(_ text: String, mostExponent: Int, isNegative: Bool) {
        switch text {
        case "nan": return append("NaN")
        case "inf": return append("Infinity")
        case "-inf": return append("-Infinity")
        default: break
        }
        var digits: [UInt8] = []
        var exponent = 0
        var point: Int?
        var bytes = Array(text.utf8)[...]
        if bytes.first == UInt8(ascii: "-") { bytes = bytes.dropFirst() }
        if let mark = bytes.firstIndex(of: UInt8(ascii: "e")) {
            exponent = Int(String(decoding: bytes[(mark + 1)...], as: UTF8.self)) ?? 0
            bytes = bytes[..<mark]
        }
        for byte in bytes {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte) }
        }
        // The value is 0.DIGITS × 10^exponent from here on.
        exponent += point ?? digits.count
        while digits.first == UInt8(ascii: "0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == UInt8(ascii: "0"), digits.count > 1 { digits.removeLast() }
        if isNegative { append(UInt8(ascii: "-")) }
        if digits == [UInt8(ascii: "0")] { return append(UInt8(ascii: "0")) }
        let scientific = exponent - 1
        if scientific < -4 || scientific >= mostExponent {
            append(digits[0])
            if digits.count > 1 {
                append(UInt8(ascii: "."))
                append(Array(digits[1...]))
            }
            append(scientific < 0 ? "e-" : "e+")
            if abs(scientific) < 10 { append(UInt8(ascii: "0")) }
            append(decimal: UInt64(abs(scientific)))
        } else if exponent <= 0 {
            append("0.")
            for _ in 0..<(-exponent) { append(UInt8(ascii: "0")) }
            append(digits)
        } else {
            for place in 0..<max(exponent, digits.count) {
                if place == exponent { append(UInt8(ascii: ".")) }
                append(place < digits.count ? digits[place] : UInt8(ascii: "0"))
            }
        }
    }
}
