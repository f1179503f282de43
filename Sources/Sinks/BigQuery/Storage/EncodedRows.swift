import CoreIngest

/// Rows of one table as messages, in order, with the events that they are of.
struct EncodedRows: ~Copyable {
    private var bytes = ByteArena(capacity: 64 << 10)
    private var ends: [Int] = []
    private(set) var owners: [EventReference] = []

    var count: Int { ends.count }
    var byteCount: Int { bytes.count }

    /// Adds the row that `body` writes.
    mutating func append<Failure: Error>(
        _ owner: EventReference, _ body: (inout ByteArena) throws(Failure) -> Void
    ) throws(Failure) {
        let start = bytes.count
        do throws(Failure) { try body(&bytes) } catch {
            bytes.truncate(to: start)
            throw error
        }
        ends.append(bytes.count)
        owners.append(owner)
    }

    subscript(row: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes.bytes[(row == 0 ? 0 : ends[row - 1])..<ends[row]])
    }
}
