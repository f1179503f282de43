import CoreIngest

/// Events of one event loop on their way to the disk, and from there to the source: one frame.
///
/// Unchecked: it has one owner at a time, who gives it away for good: the loop that fills it, the writer's thread, the
/// ``SpoolTail``, and the source's thread, from which its storage goes back to a loop.
package final class SpoolChunk: @unchecked Sendable {
    private var arena = ByteArena(capacity: 64 << 10)
    private(set) var events = 0
    /// What ``CollectedEvent/verdict`` counts. In memory only.
    private(set) var validators: [PayloadValidator] = []

    package init() {}

    /// Takes over the events, and leaves an empty arena in their place.
    package func take(_ collected: inout CollectedEvents) {
        arena.truncate(to: 0)
        events = collected.count
        validators = collected.judge?.take() ?? []
        collected.swapStorage(with: &arena)
    }

    var bytes: UnsafeRawBufferPointer { arena.bytes }
    package var byteCount: Int { arena.count }
    /// Whether the storage is worth keeping.
    var isSmall: Bool { arena.capacity <= 4 << 20 }
}
