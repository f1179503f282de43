import CoreIngest

/// The beginning of a member of a JSON object, made once per table.
enum Fragment {
    /// `,"name":` with the name escaped. The comma of the first member becomes the opening brace.
    static func make(_ name: String) -> [UInt8] {
        var arena = ByteArena(capacity: name.utf8.count + 8)
        arena.append(UInt8(ascii: ","))
        arena.appendJSONString(text: name)
        arena.append(UInt8(ascii: ":"))
        return Array(arena.bytes)
    }
}

extension ByteArena {
    /// Ends an object whose members were written as fragments from `start` on: the first comma becomes the opening
    /// brace.
    @inline(__always)
    mutating func closeObject(from start: Int) {
        if used == start {
            append("{}")
        } else {
            base.storeBytes(of: UInt8(ascii: "{"), toByteOffset: start, as: UInt8.self)
            append(UInt8(ascii: "}"))
        }
    }

    /// Appends a copy of bytes that this arena holds already. `start` and `end` must lie within ``count``.
    @inline(__always)
    mutating func appendCopy(from start: Int, to end: Int) {
        precondition(start >= 0 && start <= end && end <= used)
        reserve(end &- start)
        append(UnsafeRawBufferPointer(start: base + start, count: end &- start))
    }

    /// Replaces one byte that was written before.
    @inline(__always)
    mutating func replace(at offset: Int, with byte: UInt8) {
        precondition(offset >= 0 && offset < used)
        base.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }
}
