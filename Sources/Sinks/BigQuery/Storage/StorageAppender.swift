import CoreIngest

/// Appends encoded rows, with the rows that BigQuery refuses left out.
struct StorageAppender {
    let client: StorageWriteClient

    /// What became of rows, by their numbers.
    struct Result {
        var appended: [Int] = []
        var refused: [(row: Int, failure: BigQueryFailure)] = []
        /// Why the others are unknown.
        var failure: BigQueryFailure?
    }

    /// How often rows are sent again without those that were refused.
    private static let mostRounds = 50

    func append(_ rows: borrowing EncodedRows, _ descriptor: [UInt8], to stream: String) -> Result {
        var result = Result()
        var left: [Int] = []
        for row in 0..<rows.count {
            if rows[row].count + 64 > StorageWriteClient.mostBytes {
                result.refused.append(
                    (
                        row,
                        BigQueryFailure(.tooLarge, "a row of \(rows[row].count) bytes; BigQuery takes less than 10 MB")
                    ))
            } else {
                left.append(row)
            }
        }
        var rounds = 0
        while !left.isEmpty {
            let (count, size) = StorageWriteClient.fitting(left[...], of: rows)
            let sent = left[..<count]
            let answer = client.append(sent, size, of: rows, descriptor, to: stream)
            if answer.failure == nil {
                result.appended += sent
                left.removeFirst(count)
                continue
            }
            var blamed: Set<Int> = []
            for error in answer.rowErrors where sent.indices.contains(error.index) {
                if blamed.insert(sent[error.index]).inserted {
                    result.refused.append((sent[error.index], BigQueryFailure(.invalid, error.message)))
                }
            }
            left.removeAll { blamed.contains($0) }
            rounds += 1
            // What was refused, and no row to blame: the whole is what is wrong.
            if blamed.isEmpty || rounds > Self.mostRounds {
                result.failure = answer.failure
                return result
            }
        }
        return result
    }
}
