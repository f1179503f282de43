import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The file `acknowledged`: how far the spool is delivered. Two places are written in turn, so that a torn write leaves the one
/// before.
struct SpoolCursor: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private var sequence: UInt64
    /// As the file has it.
    private(set) var offset: UInt64
    private static let stride = 512
    private static let bytes = 20

    /// Opens the file in the spool's folder, or makes it.
    static func open(_ directory: String) throws(StateError) -> SpoolCursor {
        let path = directory + "/acknowledged"
        let descriptor = try FileSystem.open(path, O_RDWR | O_CREAT)
        do throws(StateError) {
            var newest: (sequence: UInt64, offset: UInt64) = (0, 0)
            for place in 0..<2 {
                let bytes = try FileSystem.read(descriptor, at: place * stride, count: bytes, path: path)
                if let read = read(bytes), read.sequence > newest.sequence { newest = read }
            }
            return SpoolCursor(
                path: path, descriptor: descriptor, sequence: newest.sequence, offset: newest.offset)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private init(path: String, descriptor: Int32, sequence: UInt64, offset: UInt64) {
        self.path = path
        self.descriptor = descriptor
        self.sequence = sequence
        self.offset = offset
    }

    private static func read(_ place: [UInt8]) -> (sequence: UInt64, offset: UInt64)? {
        guard place.count == bytes else { return nil }
        return place.withUnsafeBytes { bytes in
            let expected = bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self).littleEndian
            guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<16])) == expected else { return nil }
            return (
                bytes.loadUnaligned(as: UInt64.self).littleEndian,
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
            )
        }
    }

    deinit { close(descriptor) }

    /// Durable on return.
    mutating func write(_ offset: UInt64) throws(StateError) {
        var arena = ByteArena(capacity: 64)
        arena.append(little: sequence + 1)
        arena.append(little: offset)
        arena.append(little: CRC32C.checksum(arena.bytes))
        let place = Int(sequence % 2) * Self.stride
        try FileSystem.write(arena.bytes, to: descriptor, at: place, path: path)
        try FileSystem.sync(descriptor, path: path)
        sequence += 1
        self.offset = offset
    }
}
