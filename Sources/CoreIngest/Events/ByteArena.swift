/// A growing run of bytes with unchecked appends behind one capacity check.
///
/// The writer of everything on the hot path: payloads, envelopes, keys. Amortised O(1) per byte, one allocation per
/// doubling, no `String`. The storage is released with the arena, or handed over by ``takeStorage()``.
public struct ByteArena: ~Copyable {
    @usableFromInline package var base: UnsafeMutableRawPointer
    /// Bytes written so far.
    public internal(set) var count: Int {
        @inlinable get { used }
        @inlinable set { used = newValue }
    }
    @usableFromInline package var used: Int
    @usableFromInline package var capacity: Int

    /// An empty arena with room for `capacity` bytes.
    public init(capacity: Int = 4096) {
        let room = max(capacity, 64)
        base = .allocate(byteCount: room, alignment: 16)
        used = 0
        self.capacity = room
    }

    deinit { base.deallocate() }

    /// The bytes written so far; valid until the next mutation.
    public var bytes: UnsafeRawBufferPointer {
        @inlinable get { UnsafeRawBufferPointer(start: base, count: used) }
    }

    /// The bytes of one range; `range` must lie within ``count``.
    @inlinable public subscript(_ range: ByteRange) -> UnsafeRawBufferPointer {
        precondition(Int(range.offset) + Int(range.count) <= used)
        return UnsafeRawBufferPointer(start: base + Int(range.offset), count: Int(range.count))
    }

    /// Makes room for `additional` more bytes, so that the following appends do not grow the storage.
    @inlinable public mutating func reserve(_ additional: Int) {
        if used &+ additional > capacity { grow(additional) }
    }

    @usableFromInline @inline(never)
    package mutating func grow(_ additional: Int) {
        let room = max(capacity * 2, used + additional)
        let bigger = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
        bigger.copyMemory(from: base, byteCount: used)
        base.deallocate()
        base = bigger
        capacity = room
    }

    /// Forgets the contents past `length` and keeps the storage.
    @inlinable public mutating func truncate(to length: Int) {
        precondition(length >= 0 && length <= used)
        used = length
    }

    /// Appends one byte.
    @inlinable public mutating func append(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used &+= 1
    }

    /// Appends raw bytes.
    @inlinable public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        (base + used).copyMemory(from: source, byteCount: bytes.count)
        used &+= bytes.count
    }

    /// Appends a literal of ASCII or UTF-8.
    @inlinable public mutating func append(_ literal: StaticString) {
        append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends an array's bytes: for fragments prepared once and written often.
    @inlinable public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends a string's UTF-8. Not for the path of every event: prepare an array of bytes there.
    @inlinable public mutating func append(text: some StringProtocol) {
        var text = String(text)
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Hands the storage over to the caller, who deallocates it; the arena is used up.
    package consuming func takeStorage() -> UnsafeMutableRawPointer {
        let storage = base
        discard self
        return storage
    }

    /// Appends the contents of another arena's range.
    @inlinable public mutating func append(_ range: ByteRange, of other: borrowing ByteArena) {
        append(other[range])
    }
}

/// A run of bytes within one arena: offset and count, both in bytes. Count 0 means absent where absence is possible.
@frozen public struct ByteRange: BitwiseCopyable, Sendable, Equatable {
    /// Bytes from the arena's beginning.
    public var offset: UInt32
    /// Length in bytes.
    public var count: UInt32

    /// A range by its parts, both at most `UInt32.max`.
    @inlinable public init(offset: Int, count: Int) {
        self.offset = UInt32(offset)
        self.count = UInt32(count)
    }

    /// From an earlier length of an arena to its present one.
    @inlinable public init(from start: Int, to end: Int) {
        self.init(offset: start, count: end - start)
    }

    /// The most bytes that an arena of events may hold: offsets have 32 bits, and so has the length of a whole batch on disk, with
    /// its records and streams. 4,032 MiB.
    public static var limit: Int { @inlinable get { 63 << 26 } }

    /// No bytes.
    public static var none: ByteRange { @inlinable get { ByteRange(offset: 0, count: 0) } }
    /// Whether there are no bytes.
    public var isEmpty: Bool { @inlinable get { count == 0 } }
}
