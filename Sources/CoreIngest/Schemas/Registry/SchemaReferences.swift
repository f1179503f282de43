import Synchronization

/// The schemas that one schema refers to, noted before they are asked for. Any thread.
final class SchemaReferences: Sendable {
    private let names = Mutex<Set<SchemaName>>([])

    func note(_ name: SchemaName) { names.withLock { _ = $0.insert(name) } }

    func contain(_ name: SchemaName) -> Bool { names.withLock { $0.contains(name) } }

    /// About the bytes of memory, for caches.
    var byteCount: Int { names.withLock { $0.count * 128 } }
}
