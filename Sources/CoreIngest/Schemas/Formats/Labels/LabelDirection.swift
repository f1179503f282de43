/// RFC 5893, section 2: once one label of a name holds letters written from right to left, every label must keep to a direction.
struct LabelDirection {
    private var isBidirectional = false
    private var breaksRule = false

    var isConsistent: Bool { !isBidirectional || !breaksRule }

    /// A label of letters, digits and hyphens: it breaks the rule only when it does not begin with a letter.
    mutating func addASCII(first: UInt8) {
        if !first.isASCIILetter { breaksRule = true }
    }

    mutating func add(_ label: LabelScalars) {
        let first = LabelScalar(label[0]).direction
        let isRight = first == .right || first == .arabic
        if !isRight && first != .left { breaksRule = true }
        var last = first
        var hasNumber = false
        var hasArabicNumber = false
        for index in 0..<label.count {
            let direction = LabelScalar(label[index]).direction
            switch direction {
            case .right, .arabic:
                isBidirectional = true
                if !isRight { breaksRule = true }
            case .arabicNumber:
                isBidirectional = true
                hasArabicNumber = true
                if !isRight { breaksRule = true }
            case .left: if isRight { breaksRule = true }
            case .number: hasNumber = true
            case .separator, .commonSeparator, .terminator, .neutral, .boundary: break
            case .mark: continue
            }
            last = direction
        }
        if hasNumber && hasArabicNumber && isRight { breaksRule = true }
        switch last {
        case .number: break
        case .right, .arabic, .arabicNumber: if !isRight { breaksRule = true }
        case .left: if isRight { breaksRule = true }
        case .separator, .commonSeparator, .terminator, .neutral, .boundary, .mark: breaksRule = true
        }
    }
}
