import Glibc
import Synchronization

@testable import Sinks

/// A disk that fails as told: it takes `room` more bytes and is full then, cannot be cut, or cannot be flushed.
final class FaultyDisk: Sendable {
    let room = Mutex<Int>(.max)
    /// The error of ftruncate; 0: it works.
    let cutError = Mutex<Int32>(0)
    /// The error of fdatasync; 0: it works.
    let flushError = Mutex<Int32>(0)

    var calls: FileCalls {
        FileCalls(
            write: { descriptor, vector, count in
                self.room.withLock { room in
                    if room == .max { return writev(descriptor, vector, count) }
                    guard room > 0, let piece = vector?.pointee else {
                        errno = ENOSPC
                        return -1
                    }
                    // Short as a real one can be: within the first piece.
                    let written = write(descriptor, piece.iov_base, min(room, piece.iov_len))
                    room -= max(0, written)
                    return written
                }
            },
            truncate: { descriptor, size in self.answer(self.cutError) { ftruncate(descriptor, size) } },
            synchronize: { descriptor in self.answer(self.flushError) { fdatasync(descriptor) } })
    }

    private func answer(_ error: borrowing Mutex<Int32>, _ call: () -> Int32) -> Int32 {
        let error = error.withLock { $0 }
        guard error != 0 else { return call() }
        errno = error
        return -1
    }
}
