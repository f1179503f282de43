extension ValueKind {
    /// The value that a scalar stands for; nil when it is not of this kind or out of its range.
    func parse(_ text: String, _ style: ConfigurationNode.ScalarStyle) -> CheckedValue.Content? {
        switch self {
        case .text(let rule):
            return rule.accepts(text) ? .text(text) : nil
        case .choice(let cases):
            return cases.contains(text) ? .text(text) : nil
        case .duration(let range):
            guard let value = DurationText.parse(text), range.contains(value) else { return nil }
            return .duration(value)
        case .byteSize(let range):
            guard let value = ByteSizeText.parse(text), range.contains(value) else { return nil }
            return .byteSize(value)
        case .integer(let range):
            guard style == .plain, Self.isDecimal(text), let value = Int(text), range.contains(value)
            else {
                return nil
            }
            return .integer(value)
        case .boolean:
            guard style == .plain else { return nil }
            switch text {
            case "true", "True", "TRUE": return .boolean(true)
            case "false", "False", "FALSE": return .boolean(false)
            default: return nil
            }
        case .list, .section, .variants:
            return nil
        }
    }

    /// What a user should write, after "must be".
    var description: String {
        switch self {
        case .text(let rule): rule.description
        case .integer(let range) where range.count == 1: "\(range.lowerBound)"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .duration(let range):
            "a duration with a unit, from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))"
        case .byteSize(let range):
            "a size in bytes, such as 64MiB, from \(ByteSizeText.text(range.lowerBound)) to \(ByteSizeText.text(range.upperBound))"
        case .choice(let cases): "one of \(cases.joined(separator: ", "))"
        case .list: "a list"
        case .section, .variants: "a section"
        }
    }

    /// Digits with a sign before them: no exponents, no hexadecimal.
    private static func isDecimal(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
