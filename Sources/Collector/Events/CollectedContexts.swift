package import CoreIngest

/// Contexts one after the other, as they lie in an event: length of the name u32 · length of the data u32 · name · data.
///
/// The highest bit of the first length marks a context of our own making, which is not validated.
package struct CollectedContexts: ~Copyable {
    private var arena = ByteArena(capacity: 256)
    package private(set) var count = 0

    package init() {}

    static let ownMark: UInt32 = 1 << 31

    package var bytes: UnsafeRawBufferPointer { arena.bytes }
    package var byteCount: Int { arena.count }

    /// Adds one. `data` is JSON.
    package mutating func append(schema: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, isOwn: Bool = false) {
        let start = arena.count
        arena.append(zeros: 8)
        arena.append(schema)
        seal(start, isOwn: isOwn)
        arena.append(data)
        sealData(start)
    }

    /// Adds one whose name is a string, or a member's name, of a JSON text; false for what is no string.
    package mutating func append(schema: Int, data: UnsafeRawBufferPointer, in view: JSONView) -> Bool {
        let start = arena.count
        arena.append(zeros: 8)
        guard view.appendString(schema, to: &arena) else {
            arena.truncate(to: start)
            return false
        }
        seal(start, isOwn: false)
        arena.append(data)
        sealData(start)
        return true
    }

    package mutating func removeAll() {
        arena.truncate(to: 0)
        count = 0
    }

    private mutating func seal(_ start: Int, isOwn: Bool) {
        let length = UInt32(arena.count - start - 8) | (isOwn ? Self.ownMark : 0)
        arena.base.storeBytes(of: length.littleEndian, toByteOffset: start, as: UInt32.self)
        count += 1
    }

    private mutating func sealData(_ start: Int) {
        let name = arena.base.loadUnaligned(fromByteOffset: start, as: UInt32.self).littleEndian & ~Self.ownMark
        let length = UInt32(arena.count - start - 8) - name
        arena.base.storeBytes(of: length.littleEndian, toByteOffset: start + 4, as: UInt32.self)
    }
}

/// Walks over contexts as they lie in an event. What does not fit its lengths ends the walk: lengths are checked.
package struct CollectedContextSequence: Sequence, IteratorProtocol {
    package struct Element {
        package var schema: UnsafeRawBufferPointer
        package var data: UnsafeRawBufferPointer
        /// Of our own making.
        package var isOwn: Bool
    }

    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package mutating func next() -> Element? {
        guard at + 8 <= bytes.count else { return nil }
        let first = bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian
        let name = Int(first & ~CollectedContexts.ownMark)
        let data = Int(bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self).littleEndian)
        let start = at + 8
        guard name + data <= bytes.count - start else {
            at = bytes.count
            return nil
        }
        at = start + name + data
        return Element(
            schema: UnsafeRawBufferPointer(rebasing: bytes[start..<start + name]),
            data: UnsafeRawBufferPointer(rebasing: bytes[start + name..<at]),
            isOwn: first & CollectedContexts.ownMark != 0)
    }
}
