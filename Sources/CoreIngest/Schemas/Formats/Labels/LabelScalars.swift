/// The code points of one label. A label has at most 63 bytes when it is encoded, of which each code point needs one.
struct LabelScalars {
    static let most = 63

    private(set) var count = 0
    private var values = InlineArray<63, UInt32>(repeating: 0)

    init() {}

    /// Nil for what is too long or not UTF-8.
    init?(_ text: FormatText) {
        var index = text.start
        while index < text.end {
            guard let scalar = text.scalar(at: index), insert(scalar.value, at: count) else { return nil }
            index += scalar.length
        }
    }

    subscript(index: Int) -> UInt32 { values[index] }

    /// False when there is no room.
    mutating func insert(_ value: UInt32, at index: Int) -> Bool {
        guard count < Self.most else { return false }
        var at = count
        while at > index {
            values[at] = values[at - 1]
            at -= 1
        }
        values[index] = value
        count += 1
        return true
    }

    var isASCII: Bool { !(0..<count).contains { values[$0] >= 0x80 } }

    private func scalar(_ index: Int) -> LabelScalar? {
        index >= 0 && index < count ? LabelScalar(values[index]) : nil
    }

    /// RFC 5891, section 4.2, all but the direction, which is asked of the whole name.
    var isAllowed: Bool {
        let hyphen = UInt32(UInt8(ascii: "-"))
        guard count > 0, values[0] != hyphen, values[count - 1] != hyphen,
            count < 4 || values[2] != hyphen || values[3] != hyphen, !LabelScalar(values[0]).isMark
        else { return false }
        var mayBeDecomposed = false
        for index in 0..<count {
            let scalar = LabelScalar(values[index])
            guard scalar.isAllowed, !scalar.needsContext || isInContext(index) else { return false }
            if scalar.mayCompose || scalar.combiningClass != 0 { mayBeDecomposed = true }
        }
        return !mayBeDecomposed || LabelNormalization.isComposed(self)
    }

    /// RFC 5892, appendix A.
    private func isInContext(_ index: Int) -> Bool {
        switch values[index] {
        case 0x200C:
            return scalar(index - 1)?.isVirama == true
                || joins(index, step: -1, with: .left) && joins(index, step: 1, with: .right)
        case 0x200D: return scalar(index - 1)?.isVirama == true
        case 0xB7:
            let l = UInt32(UInt8(ascii: "l"))
            return scalar(index - 1)?.value == l && scalar(index + 1)?.value == l
        case 0x375: return scalar(index + 1)?.script == .greek
        case 0x5F3, 0x5F4: return scalar(index - 1)?.script == .hebrew
        case 0x30FB: return (0..<count).contains { LabelScalar(values[$0]).script == .japanese && values[$0] != 0x30FB }
        case 0x660...0x669: return !(0..<count).contains { values[$0] >= 0x6F0 && values[$0] <= 0x6F9 }
        case 0x6F0...0x6F9: return !(0..<count).contains { values[$0] >= 0x660 && values[$0] <= 0x669 }
        default: return false
        }
    }

    /// Whether the next code point on one side, transparent ones left out, joins.
    private func joins(_ index: Int, step: Int, with side: LabelScalar.Joining) -> Bool {
        var at = index + step
        while let next = scalar(at) {
            if next.joining != .transparent { return next.joining == side || next.joining == .dual }
            at += step
        }
        return false
    }
}
