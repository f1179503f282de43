import CoreIngest

/// Rows on their way into a stage.
extension RedshiftSession {
    /// Puts rows of a block into a stage: by way of the bucket where there is one and they are many, else by `INSERT`.
    ///
    /// `isCareful`: rows that are refused are looked for, for which the server says more of an `INSERT`.
    func fill(
        _ stage: String, _ rows: Range<Int>, of block: borrowing RowBlock, isCareful: Bool
    ) throws(PostgresFailure) {
        guard let bucket, !isCareful, block.bytes(rows).count >= bucket.settings.leastBytes else {
            return try run("INSERT INTO \(stage) VALUES ", rows, of: block)
        }
        // No field is what nobody can foretell.
        let null = "NULL\(RedshiftBucket.random())"
        let object = try packed(rows, of: block, null: null)
        try bucket.lend(object) { key throws(PostgresFailure) in
            do throws(PostgresFailure) { try run(bucket.copy(stage, key, null: null)) } catch {
                throw bucket.translated(error)
            }
        }
    }

    /// The rows as CSV in gzip.
    private func packed(
        _ rows: Range<Int>, of block: borrowing RowBlock, null: String
    ) throws(PostgresFailure) -> [UInt8] {
        var lines = ByteArena(capacity: Self.part)
        var object = ByteArena(capacity: Self.part)
        do throws(CompressionFailure) {
            let gzip = try GzipCompressor()
            for row in rows {
                lines.append(csv: block.bytes(row..<row + 1), null: null, escapesBackslash: escapesBackslash)
                guard lines.count >= Self.part || row + 1 == rows.upperBound else { continue }
                try gzip.append(lines.bytes, into: &object)
                lines.truncate(to: 0)
            }
            try gzip.finish(into: &object)
        } catch {
            throw PostgresFailure(.other, error.message)
        }
        return Array(object.bytes)
    }

    /// Bytes that are packed at once.
    private static let part = 1 << 20
}
