import CoreIngest

/// Events of one event loop on their way to the disk: one frame. Its storage goes back to the loop when it is written.
///
/// Unchecked: the loop gives it away when it hands it over, and has it back in the completion; the writer's thread alone
/// touches it in between.
package final class SpoolChunk: @unchecked Sendable {
    private var arena = ByteArena(capacity: 64 << 10)
    private(set) var events = 0

    package init() {}

    /// Takes over the events, and leaves an empty arena in their place.
    package func take(_ collected: inout CollectedEvents) {
        arena.truncate(to: 0)
        events = collected.count
        collected.swapStorage(with: &arena)
    }

    var bytes: UnsafeRawBufferPointer { arena.bytes }
    package var byteCount: Int { arena.count }
    /// Whether the storage is worth keeping.
    var isSmall: Bool { arena.capacity <= 4 << 20 }
}
