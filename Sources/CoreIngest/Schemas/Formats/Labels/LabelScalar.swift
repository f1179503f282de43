/// A code point of a label in an internationalized host name, with what RFC 5892 and RFC 5893 ask of it.
struct LabelScalar: Equatable {
    enum Direction: UInt32 {
        case left, right, arabic, arabicNumber, number, separator, commonSeparator, terminator, neutral, boundary, mark
    }
    enum Joining: UInt32 { case none, left, right, dual, transparent, causing }
    enum Script: UInt32 { case other, greek, hebrew, japanese }

    let value: UInt32
    /// See `scripts/idna-tables.py`; 0 for what no label may hold.
    private let kind: UInt32

    init(_ value: UInt32) {
        self.value = value
        var low = 0
        var high = LabelTables.ranges.count
        while low < high {
            let middle = (low + high) / 2
            if LabelTables.ranges[middle] >> 8 <= value { low = middle + 1 } else { high = middle }
        }
        kind = low == 0 ? 0 : LabelTables.kinds[Int(LabelTables.ranges[low - 1] & 0xFF)]
    }

    static func == (left: Self, right: Self) -> Bool { left.value == right.value }

    var isAllowed: Bool { kind & 1 != 0 }
    /// Allowed in some places only.
    var needsContext: Bool { kind & 2 != 0 }
    /// A combining mark, of any kind.
    var isMark: Bool { kind & 4 != 0 }
    /// It may be the second part of a composition.
    var mayCompose: Bool { kind & 8 != 0 }
    var direction: Direction { Direction(rawValue: kind >> 4 & 0xF) ?? .neutral }
    var joining: Joining { Joining(rawValue: kind >> 8 & 0x7) ?? .none }
    var script: Script { Script(rawValue: kind >> 11 & 0x3) ?? .other }
    /// Canonical combining class.
    var combiningClass: UInt32 { kind >> 16 }
    var isVirama: Bool { combiningClass == 9 }
}
