import CoreIngest

extension MySQLConnection {
    /// Bytes of one statement, where the server takes as many.
    private static let usualStatement = 1 << 20

    /// Runs a statement for some rows of a block, in as many parts as the server's bound asks for. `most`: rows of a part. The failure
    /// of a part names the row within all of them.
    func run(
        _ statement: (head: String, tail: String), _ rows: Range<Int>, of block: borrowing RowBlock, most: Int = .max
    ) throws(MySQLFailure) {
        let around = statement.head.utf8.count + statement.tail.utf8.count + 64
        let bound = max(1024, min(Self.usualStatement, server.mostPacket) - around)
        var sql = ByteArena(capacity: 4096)
        var next = rows.lowerBound
        while next < rows.upperBound {
            var end = next + 1
            while end < rows.upperBound, end - next < most, block.bytes(next..<end + 1).count <= bound { end += 1 }
            let bytes = block.bytes(next..<end)
            guard bytes.count + around <= server.mostPacket else {
                var failure = MySQLFailure(
                    .data,
                    "the row makes a statement of \(bytes.count) bytes, more than the server's max_allowed_packet of \(server.mostPacket): raise it, then replay the event",
                    code: 1153)
                failure.row = next - rows.lowerBound
                throw failure
            }
            sql.truncate(to: 0)
            sql.append(text: statement.head)
            // Without the comma behind the last one.
            sql.append(UnsafeRawBufferPointer(rebasing: bytes.dropLast()))
            sql.append(text: statement.tail)
            do throws(MySQLFailure) {
                try run(sql)
            } catch {
                var failure = error
                failure.row = failure.row.map { $0 + next - rows.lowerBound }
                throw failure
            }
            next = end
        }
    }
}

extension RowBlock {
    /// For rows that statements list.
    static func listed() -> RowBlock { RowBlock(end: UInt8(ascii: ",")) }
}
