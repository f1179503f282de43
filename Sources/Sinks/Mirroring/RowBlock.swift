import CoreIngest

/// Rows for one table as a statement carries them, each with the number of the change it came from. Rendered once: parts of it are
/// sent again while the row that the server refuses is looked for.
struct RowBlock: ~Copyable {
    var lines = ByteArena(capacity: 4096)
    private let end: UInt8
    private var ends: [Int] = []
    private var owners: [Int32] = []

    /// `end`: the byte behind each row; COPY's lines end in a newline.
    init(end: UInt8 = UInt8(ascii: "\n")) { self.end = end }

    var count: Int { ends.count }

    /// Ends the row that was written into ``lines``.
    mutating func endLine(owner: Int32) {
        lines.append(end)
        ends.append(lines.count)
        owners.append(owner)
    }

    /// Takes back what was written of an unfinished row.
    mutating func abandonLine() { lines.truncate(to: ends.last ?? 0) }

    func owner(_ row: Int) -> Int32 { owners[row] }

    /// The rows with their ends; valid while the block is not changed.
    func bytes(_ rows: Range<Int>) -> UnsafeRawBufferPointer {
        let start = rows.lowerBound == 0 ? 0 : ends[rows.lowerBound - 1]
        let end = rows.upperBound == 0 ? 0 : ends[rows.upperBound - 1]
        return UnsafeRawBufferPointer(rebasing: lines.bytes[start..<end])
    }
}
