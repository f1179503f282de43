import CoreIngest

/// Escapes in the quoted parts of array, composite and hstore text.
enum Backslashes {
    /// Appends text where a backslash makes the next byte stand for itself. A last lone backslash stands for itself.
    static func remove(from bytes: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        arena.reserve(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count { index += 1 }
            arena.append(bytes[index])
            index += 1
        }
    }

    /// As ``remove(from:into:)``, but doubled quotes stand for one as well: for composites.
    static func removeWithDoubledQuotes(from bytes: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        arena.reserve(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\""), index + 1 < bytes.count { index += 1 }
            arena.append(bytes[index])
            index += 1
        }
    }

    static func removed(from bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var arena = ByteArena(capacity: bytes.count)
        remove(from: bytes, into: &arena)
        return Array(arena.bytes)
    }
}
