/// One file of a park: a row of ``ParkFrame``s.
struct ParkSegment {
    /// Ascending without gaps that matter; the name is made of it.
    var number: UInt64
    /// Bytes that count.
    var size: Int

    private static let suffix = ".seg"

    /// `0000000000000001.seg`, …
    static func path(_ directory: String, _ number: UInt64) -> String {
        let hex = String(number, radix: 16)
        return "\(directory)/\(String(repeating: "0", count: 16 - hex.count))\(hex)\(suffix)"
    }

    /// The number in a file's name; nil where it is another file.
    static func number(of name: String) -> UInt64? {
        name.hasSuffix(suffix) ? UInt64(name.dropLast(suffix.utf8.count), radix: 16) : nil
    }
}
