import CoreIngest

/// Writes values, in Postgres's text form, as JSON. What each type becomes stands in docs/types.md.
///
/// Text that is not as its type should be (it never is, from a real server) becomes a string of the whole: nothing
/// here fails. Not shared: it keeps buffers for unescaped text.
struct ValueWriter: ~Copyable {
    /// Whether bytes that were not UTF-8 have been replaced since this was last set to false.
    var repairedText = false
    /// Buffers for unescaped elements, one per level of nesting: an element is read while its parent's text still is.
    private var scratch: [ScratchLevel] = []

    /// Deeper arrays and composites in each other are written as text.
    private static let depthLimit = 32

    /// Writes one value that is not null.
    @inline(__always)
    mutating func write(
        _ value: UnsafeRawBufferPointer, as writer: ColumnWriter, of nested: borrowing NestedWriters,
        into arena: inout ByteArena
    ) {
        write(value, as: writer, of: nested, into: &arena, depth: 0)
    }

    mutating func write(
        _ value: UnsafeRawBufferPointer, as writer: ColumnWriter, of nested: borrowing NestedWriters,
        into arena: inout ByteArena, depth: Int
    ) {
        switch writer.form {
        case .number:
            if NumberText.isJSONNumber(value) { arena.append(value) } else { writeText(value, into: &arena) }
        case .boolean: writeBoolean(value, into: &arena)
        case .text: writeText(value, into: &arena)
        case .timestamp, .timestampWithZone:
            writeTimestamp(value, withZone: writer.form == .timestampWithZone, into: &arena)
        case .json: writeJSON(value, into: &arena)
        case .hstore: writeHstore(value, into: &arena, depth: depth)
        case .array, .composite:
            let start = arena.count
            guard depth < Self.depthLimit, Int(writer.nested) < nested.entries.count else {
                return writeText(value, into: &arena)
            }
            let isWritten: Bool
            switch nested.entries[Int(writer.nested)] {
            case .array(let element, let delimiter):
                isWritten = writeArray(
                    value, of: element, delimiter: delimiter, nested: nested, into: &arena, depth: depth)
            case .composite(let members):
                isWritten = writeComposite(value, members, nested: nested, into: &arena, depth: depth)
            }
            if !isWritten {
                arena.truncate(to: start)
                writeText(value, into: &arena)
            }
        }
    }

    /// Writes a JSON string; bytes that are not UTF-8 become U+FFFD.
    @inline(__always)
    mutating func writeText(_ value: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        if TextEncoding.isPlainASCII(value) {
            arena.reserve(value.count &+ 2)
            arena.append(UInt8(ascii: "\""))
            arena.append(value)
            arena.append(UInt8(ascii: "\""))
        } else {
            writeSpecialText(value, into: &arena)
        }
    }

    @inline(never)
    private mutating func writeSpecialText(_ value: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        if TextEncoding.isUTF8(value) {
            arena.appendJSONString(value)
        } else {
            _ = arena.appendJSONString(repairing: value)
            repairedText = true
        }
    }

    private mutating func writeBoolean(_ value: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        if value.count == 1, value[0] == UInt8(ascii: "t") {
            arena.append("true")
        } else if value.count == 1, value[0] == UInt8(ascii: "f") {
            arena.append("false")
        } else {
            writeText(value, into: &arena)
        }
    }

    private mutating func writeTimestamp(
        _ value: UnsafeRawBufferPointer, withZone: Bool, into arena: inout ByteArena
    ) {
        let start = arena.count
        writeText(value, into: &arena)
        // Only what was written byte for byte is put into ISO form.
        guard TimestampText.isCommon(value), arena.count == start + value.count + 2 else { return }
        if withZone {
            guard TimestampText.endsInUTC(value) else { return }
            arena.truncate(to: arena.count - 4)
            arena.append("Z\"")
        }
        arena.replace(at: start + 11, with: UInt8(ascii: "T"))
    }

    /// Embeds JSON on one line: control characters can only be white space between its tokens, and become blanks.
    private mutating func writeJSON(_ value: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        if value.isEmpty { return writeText(value, into: &arena) }
        let start = arena.count
        arena.append(value)
        if TextEncoding.isPrintableASCII(value) { return }
        if !TextEncoding.isUTF8(value) {
            arena.truncate(to: start)
            arena.append(text: String(decoding: value, as: UTF8.self))
            repairedText = true
        }
        for offset in start..<arena.count where arena.bytes[offset] < 0x20 {
            arena.replace(at: offset, with: UInt8(ascii: " "))
        }
    }
}

/// A buffer of one level of nesting.
///
/// Owned by one ``ValueWriter``, which is not copyable and used by one thread at a time, so moving it is safe.
final class ScratchLevel: @unchecked Sendable {
    var arena = ByteArena(capacity: 256)
}

extension ValueWriter {
    /// The buffer of a level, empty.
    mutating func scratch(at depth: Int) -> ScratchLevel {
        while scratch.count <= depth { scratch.append(ScratchLevel()) }
        let level = scratch[depth]
        level.arena.truncate(to: 0)
        return level
    }
}
