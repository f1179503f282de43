import Glibc
import Synchronization

@testable import CoreIngest

/// Lets questions through when it is told to, and holds them until then.
final class GatedRegistry: SchemaRegistry {
    private let registry: any SchemaRegistry
    private let isOpen = Atomic(false)
    private let held = Atomic(0)

    init(_ registry: any SchemaRegistry) { self.registry = registry }
    var description: String { "gated" }
    var waiting: Int { held.load(ordering: .relaxed) }
    func open() { isOpen.store(true, ordering: .relaxed) }
    func close() { isOpen.store(false, ordering: .relaxed) }

    private func pass() {
        held.add(1, ordering: .relaxed)
        while !isOpen.load(ordering: .relaxed) { usleep(1000) }
        held.subtract(1, ordering: .relaxed)
    }

    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        pass()
        return try registry.text(of: name)
    }

    func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        pass()
        return try registry.versions(vendor: vendor, name: name)
    }

    func names(most: Int) throws(SchemaError) -> [SchemaName]? { try registry.names(most: most) }
}
