/// One parked batch in a segment file: length u32 · CRC-32C of the rest u32 · events u32 · the batch (see ``BatchWriter``).
struct ParkFrame {
    private static let header = 12

    /// With its header; whole, as the checksum says.
    private let bytes: [UInt8]

    var count: Int { bytes.count }

    /// How many events were to be delivered when it was written.
    var events: Int {
        bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian) }
    }

    /// Reads one at an offset; nil where there is none that is whole.
    init?(_ descriptor: Int32, at offset: Int, limit: Int, path: String) throws(StateError) {
        let head = try FileSystem.read(descriptor, at: offset, count: Self.header, path: path)
        guard head.count == Self.header else { return nil }
        let length = head.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self).littleEndian) }
        guard length >= Self.header, length <= limit - offset else { return nil }
        bytes = try FileSystem.read(descriptor, at: offset, count: length, path: path)
        guard bytes.count == length else { return nil }
        let isWhole = bytes.withUnsafeBytes { bytes in
            let expected = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
            return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[8...])) == expected
        }
        guard isWhole else { return nil }
    }

    /// Reads what is in it; nil where that cannot be read.
    func read<Result>(_ body: (inout BatchReader) throws -> Result) -> Result? {
        bytes.withUnsafeBytes { bytes in
            var reader = BatchReader(UnsafeRawBufferPointer(rebasing: bytes[Self.header...]))
            return try? body(&reader)
        }
    }

    /// Writes a batch as a frame.
    static func append(_ queued: QueuedBatch, to arena: inout ByteArena) {
        let begin = arena.count
        arena.append(little: UInt64(0))
        arena.append(little: UInt32(queued.events))
        BatchWriter.write(queued.batch, start: queued.start, to: &arena)
        let length = arena.count - begin
        arena.base.storeBytes(of: UInt32(length).littleEndian, toByteOffset: begin, as: UInt32.self)
        let checksum = CRC32C.checksum(UnsafeRawBufferPointer(start: arena.base + begin + 8, count: length - 8))
        arena.base.storeBytes(of: checksum.littleEndian, toByteOffset: begin + 4, as: UInt32.self)
    }
}
