import CoreIngest
import Synchronization

/// The chunks that were written last, in memory, for a reader that follows closely: it need not read the disk. And the storage of
/// those that it is done with, for the event loops.
final class SpoolTail: Sendable {
    fileprivate struct State {
        var written = FIFO<(begin: UInt64, chunk: SpoolChunk)>()
        var bytes = 0
        var spare: [SpoolChunk] = []
    }

    private let state = Mutex(State())
    /// What a reader that lags behind finds on the disk only.
    private static let mostBytes = 8 << 20
    fileprivate static let mostSpare = 8

    /// An empty chunk.
    func emptyChunk() -> SpoolChunk { state.withLock { $0.spare.popLast() } ?? SpoolChunk() }

    /// A chunk was written, as the frame that begins at an offset. Offsets ascend.
    func append(_ chunk: SpoolChunk, at begin: UInt64) {
        state.withLock { state in
            state.written.append((begin, chunk))
            state.bytes += chunk.byteCount
            while state.bytes > Self.mostBytes, state.dropFirst() {}
        }
    }

    /// The chunk whose frame begins at an offset, where it is still here; those before it are forgotten. It is the caller's
    /// until ``giveBack(_:)``.
    func take(at offset: UInt64) -> SpoolChunk? {
        state.withLock { state in
            while let first = state.written.first, first.begin < offset { _ = state.dropFirst() }
            guard let first = state.written.first, first.begin == offset else { return nil }
            _ = state.written.popFirst()
            state.bytes -= first.chunk.byteCount
            return first.chunk
        }
    }

    /// Nobody needs what is in a chunk any more.
    func giveBack(_ chunk: SpoolChunk) { state.withLock { $0.reuse(chunk) } }
}

extension SpoolTail.State {
    fileprivate mutating func dropFirst() -> Bool {
        guard let first = written.popFirst() else { return false }
        bytes -= first.chunk.byteCount
        reuse(first.chunk)
        return true
    }

    fileprivate mutating func reuse(_ chunk: SpoolChunk) {
        if spare.count < SpoolTail.mostSpare, chunk.isSmall { spare.append(chunk) }
    }
}
