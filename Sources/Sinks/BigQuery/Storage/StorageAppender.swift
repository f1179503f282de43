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

    /// What of the rows goes with the first request, and what is refused before it.
    static func first(of rows: borrowing EncodedRows) -> (sent: ArraySlice<Int>, refused: [Int]) {
        let (left, refused) = sizes(of: rows)
        let (count, _) = StorageWriteClient.fitting(left[...], of: rows)
        return (left[..<count], refused.map(\.row))
    }

    /// Apart by their sizes: those that can be sent, and those that are too large.
    private static func sizes(of rows: borrowing EncodedRows) -> (
        left: [Int], refused: [(row: Int, failure: BigQueryFailure)]
    ) {
        var left: [Int] = []
        var refused: [(row: Int, failure: BigQueryFailure)] = []
        for row in 0..<rows.count {
            if rows[row].count + 64 > StorageWriteClient.mostBytes {
                let words = "a row of \(rows[row].count) bytes; BigQuery takes less than 10 MB"
                refused.append((row, BigQueryFailure(.tooLarge, words)))
            } else {
                left.append(row)
            }
        }
        return (left, refused)
    }

    func append(_ rows: borrowing EncodedRows, _ descriptor: [UInt8], to stream: String) -> Result {
        append(rows) { rows, sent, size, _ in client.append(sent, size, of: rows, descriptor, to: stream) }
    }

    /// `send` makes one request of some rows, told by their numbers, and is told which were refused so far.
    func append(
        _ rows: borrowing EncodedRows,
        _ send: (_ rows: borrowing EncodedRows, _ sent: ArraySlice<Int>, _ size: Int, _ refused: [Int]) -> AppendAnswer
    ) -> Result {
        var result = Result()
        var left: [Int]
        (left, result.refused) = Self.sizes(of: rows)
        var rounds = 0
        while !left.isEmpty {
            let (count, size) = StorageWriteClient.fitting(left[...], of: rows)
            let sent = left[..<count]
            let answer = send(rows, sent, size, result.refused.map(\.row))
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
