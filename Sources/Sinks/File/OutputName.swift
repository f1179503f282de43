/// The name of an output: the first part of its files' names.
///
/// Letters, digits, `-`, `_` and `.`, not beginning with a dot, 1 to 128 of them: so it can be no path, no hidden file,
/// and nothing that a shell would read otherwise.
package struct OutputName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil when the text breaks the rule above.
    package init?(_ text: String) {
        guard (1...128).contains(text.utf8.count), !text.hasPrefix("."), text.utf8.allSatisfy(Self.isPlain) else {
            return nil
        }
        self.text = text
    }

    package var description: String { text }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// The name of one file of an output: `NAME-2026-11-21.ndjson`, then `NAME-2026-11-21-0001.ndjson`, and so on; compressed
/// ones end in `.gz` or `.zst`. Ordered as they were written.
struct OutputFileName: Hashable, Comparable {
    /// `2026-11-21`, in UTC.
    var day: String
    /// 0 for the day's first file.
    var sequence: Int

    func text(_ output: OutputName, _ compression: OutputCompression) -> String {
        var digits = String(sequence)
        while digits.utf8.count < 4 { digits = "0" + digits }
        return "\(output)-\(day)\(sequence == 0 ? "" : "-\(digits)").ndjson\(compression.suffix)"
    }

    init(day: String, sequence: Int) {
        self.day = day
        self.sequence = sequence
    }

    /// Reads a file's name; nil when it is not one of this output with this compression.
    init?(parsing text: String, _ output: OutputName, _ compression: OutputCompression) {
        let head = output.text + "-"
        let tail = ".ndjson" + compression.suffix
        guard text.hasPrefix(head), text.hasSuffix(tail), text.utf8.count >= head.utf8.count + 10 + tail.utf8.count
        else {
            return nil
        }
        let middle = text.dropFirst(head.count).dropLast(tail.count)
        let day = String(middle.prefix(10))
        let isDay = day.utf8.enumerated().allSatisfy { index, byte in
            index == 4 || index == 7 ? byte == UInt8(ascii: "-") : (0x30...0x39).contains(byte)
        }
        guard isDay else { return nil }
        var sequence = 0
        if middle.count > 10 {
            let digits = middle.dropFirst(11)
            guard middle.dropFirst(10).first == "-", (4...9).contains(digits.utf8.count),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), number > 0
            else { return nil }
            sequence = number
        }
        self.init(day: day, sequence: sequence)
        // Only the form that `text` writes: `-00001` would be a second name for one place in the order.
        guard self.text(output, compression) == text else { return nil }
    }

    static func < (left: Self, right: Self) -> Bool {
        left.day != right.day ? left.day < right.day : left.sequence < right.sequence
    }
}
