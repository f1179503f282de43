#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The file `cursor`: how far a park is delivered. A hint, not synced: where it is missing, damaged or old, batches come again.
enum ParkCursor {
    private static let bytes = 20

    static func write(_ ticket: ParkTicket, in directory: String) {
        var arena = ByteArena(capacity: 64)
        arena.append(little: ticket.segment)
        arena.append(little: UInt64(ticket.end))
        arena.append(little: CRC32C.checksum(arena.bytes))
        guard let descriptor = try? FileSystem.open(path(directory), O_RDWR | O_CREAT) else { return }
        try? FileSystem.write(arena.bytes, to: descriptor, at: 0, path: path(directory))
        close(descriptor)
    }

    static func read(in directory: String) -> ParkTicket {
        guard let descriptor = try? FileSystem.open(path(directory), O_RDONLY) else { return .start }
        defer { close(descriptor) }
        guard let bytes = try? FileSystem.read(descriptor, at: 0, count: bytes, path: path(directory)),
            bytes.count == Self.bytes
        else { return .start }
        return bytes.withUnsafeBytes { bytes in
            let expected = bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self).littleEndian
            guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<16])) == expected else { return .start }
            return ParkTicket(
                segment: bytes.loadUnaligned(as: UInt64.self).littleEndian,
                end: Int(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian))
        }
    }

    private static func path(_ directory: String) -> String { directory + "/cursor" }
}
