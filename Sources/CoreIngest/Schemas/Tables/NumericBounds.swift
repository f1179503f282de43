/// What values `numeric(precision, scale)` can have, digit for digit.
struct NumericBounds: Equatable {
    /// The largest; the smallest is its negative.
    let most: String
    /// All are multiples of it.
    let step: String

    /// Nil without a precision, and beyond 38 digits, which few readers take.
    init?(precision: Int?, scale: Int?) {
        let scale = scale ?? 0
        guard let precision, (1...38).contains(precision), (-38...38).contains(scale) else { return nil }
        let nines = String(repeating: "9", count: precision)
        if scale <= 0 {
            most = nines + String(repeating: "0", count: -scale)
            step = "1" + String(repeating: "0", count: -scale)
        } else {
            most =
                scale >= precision
                ? "0." + String(repeating: "0", count: scale - precision) + nines
                : "\(nines.prefix(precision - scale)).\(nines.suffix(scale))"
            step = "0." + String(repeating: "0", count: scale - 1) + "1"
        }
    }
}

/// What values an integer type can have.
struct IntegerBounds {
    let least: StaticString
    let most: StaticString

    init(bits: Int) {
        least = bits == 16 ? "-32768" : bits == 32 ? "-2147483648" : "-9223372036854775808"
        most = bits == 16 ? "32767" : bits == 32 ? "2147483647" : "9223372036854775807"
    }
}
