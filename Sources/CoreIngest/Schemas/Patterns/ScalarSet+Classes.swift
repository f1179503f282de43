/// The classes that ECMA-262 names, section 22.2.2.
extension ScalarSet {
    static let all = ScalarSet(0, last)
    static let digit = ScalarSet(0x30, 0x39)
    static let word = ScalarSet([
        Range(low: 0x30, high: 0x39), Range(low: 0x41, high: 0x5A), Range(low: 0x5F, high: 0x5F),
        Range(low: 0x61, high: 0x7A),
    ])
    /// WhiteSpace and LineTerminator: also the byte order mark and every space of Unicode.
    static let space = ScalarSet([
        Range(low: 0x09, high: 0x0D), Range(low: 0x20, high: 0x20), Range(low: 0xA0, high: 0xA0),
        Range(low: 0x1680, high: 0x1680), Range(low: 0x2000, high: 0x200A), Range(low: 0x2028, high: 0x2029),
        Range(low: 0x202F, high: 0x202F), Range(low: 0x205F, high: 0x205F), Range(low: 0x3000, high: 0x3000),
        Range(low: 0xFEFF, high: 0xFEFF),
    ])
    static let lineTerminator = ScalarSet([
        Range(low: 0x0A, high: 0x0A), Range(low: 0x0D, high: 0x0D), Range(low: 0x2028, high: 0x2029),
    ])
    /// What `.` takes.
    static let dot = lineTerminator.complement
}
