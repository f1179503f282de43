import CoreIngest

/// A file of the spool: 16 bytes of header, then frames. Its name says the offset at which it begins, so that offsets go on
/// from file to file.
///
/// A frame: length u32 · CRC-32C of what follows u32 · its own offset u64 · events u32 · 0 u32 · the events (see
/// ``CollectedEvent``). Everything little-endian.
enum SpoolSegment {
    static let headerBytes = 16
    static let frameHeaderBytes = 24
    static let magic: StaticString = "BUZSPOOL"
    static let version: UInt64 = 1

    static func path(_ directory: String, _ start: UInt64) -> String {
        let hex = String(start, radix: 16)
        return "\(directory)/\(String(repeating: "0", count: 16 - hex.count))\(hex).seg"
    }

    /// The offset in a file's name; nil for other files.
    static func start(ofFile name: String) -> UInt64? {
        name.hasSuffix(".seg") && name.utf8.count == 20 ? UInt64(name.dropLast(4), radix: 16) : nil
    }

    static var header: [UInt8] {
        var arena = ByteArena(capacity: headerBytes)
        arena.append(magic)
        arena.append(little: version)
        return Array(arena.bytes)
    }

    /// The header of a frame at an offset of the spool.
    static func frameHeader(_ events: UnsafeRawBufferPointer, count: Int, at offset: UInt64) -> [UInt8] {
        var arena = ByteArena(capacity: frameHeaderBytes)
        arena.append(little: UInt64(frameHeaderBytes + events.count))
        arena.append(little: offset)
        arena.append(little: UInt64(count))
        let checksum = CRC32C.checksum(
            events, after: CRC32C.checksum(UnsafeRawBufferPointer(rebasing: arena.bytes[8...])))
        arena.base.storeBytes(of: checksum.littleEndian, toByteOffset: 4, as: UInt32.self)
        return Array(arena.bytes)
    }

    /// A frame that begins `bytes`, which begin at `offset` of the spool.
    enum Frame {
        /// The bytes of its events, and of the whole frame.
        case whole(events: UnsafeRawBufferPointer, byteCount: Int)
        /// It goes on past the end of `bytes`: it has so many bytes.
        case cut(byteCount: Int)
        /// `isOwn`: its offset is the one at which it lies, and the rest is wrong.
        case broken(isOwn: Bool)
    }

    static func frame(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Frame {
        guard bytes.count >= frameHeaderBytes else { return .cut(byteCount: frameHeaderBytes) }
        let length = Int(bytes.loadUnaligned(as: UInt32.self).littleEndian)
        let own = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
        guard length > frameHeaderBytes, own == offset else { return .broken(isOwn: own == offset) }
        guard length <= bytes.count else { return .cut(byteCount: length) }
        let expected = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[8..<length])) == expected else {
            return .broken(isOwn: true)
        }
        return .whole(
            events: UnsafeRawBufferPointer(rebasing: bytes[frameHeaderBytes..<length]), byteCount: length)
    }
}
