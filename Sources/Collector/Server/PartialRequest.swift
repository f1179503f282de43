import CoreIngest

/// A request whose head is read and whose body is on its way.
final class PartialRequest {
    private var head: ByteArena
    private var counted = ByteArena(capacity: 64)
    private var chunked: ChunkedBody?
    private var left: Int

    /// `mostBytes`: of the body.
    init(head bytes: UnsafeRawBufferPointer, body: RequestHead.Body, mostBytes: Int) {
        head = ByteArena(capacity: bytes.count)
        head.append(bytes)
        switch body {
        case .length(let length):
            left = length
            // What a client announces is not believed before it comes.
            counted.reserve(min(length, 16 << 10))
        case .chunked:
            left = 0
            chunked = ChunkedBody(mostBytes: mostBytes)
        }
    }

    var isWhole: Bool { chunked?.isDone ?? (left == 0) }

    /// Bytes that are held.
    var byteCount: Int { head.count + counted.count + (chunked?.body.count ?? 0) }

    /// Takes bytes, and answers how many: all, or those up to the end of the request.
    func take(_ bytes: UnsafeRawBufferPointer) throws(RequestProblem) -> Int {
        if chunked != nil { return try chunked?.take(bytes) ?? 0 }
        let count = min(left, bytes.count)
        counted.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        left -= count
        return count
    }

    /// Calls `work` with the head and the body.
    func withParts(_ work: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        work(head.bytes, chunked?.body.bytes ?? counted.bytes)
    }
}
