import CoreIngest

/// Arrays, composites and hstores. Each answers whether the text was well formed; if not, what was written is cut off
/// again.
extension ValueWriter {
    mutating func writeArray(
        _ value: UnsafeRawBufferPointer, of element: ColumnWriter, delimiter: UInt8, nested: borrowing NestedWriters,
        into arena: inout ByteArena, depth: Int
    ) -> Bool {
        var text = ArrayText(value, delimiter: delimiter)
        while true {
            switch text.next() {
            case .open: arena.append(UInt8(ascii: "["))
            case .close: arena.append(UInt8(ascii: "]"))
            case .separator: arena.append(UInt8(ascii: ","))
            case .null: arena.append("null")
            case .plain(let bytes): write(bytes, as: element, of: nested, into: &arena, depth: depth + 1)
            case .quoted(let bytes, escaped: false):
                write(bytes, as: element, of: nested, into: &arena, depth: depth + 1)
            case .quoted(let bytes, escaped: true):
                let level = scratch(at: depth)
                Backslashes.remove(from: bytes, into: &level.arena)
                write(level.arena.bytes, as: element, of: nested, into: &arena, depth: depth + 1)
            case .end: return true
            case .malformed: return false
            }
        }
    }

    mutating func writeComposite(
        _ value: UnsafeRawBufferPointer, _ members: [NestedWriters.Member], nested: borrowing NestedWriters,
        into arena: inout ByteArena, depth: Int
    ) -> Bool {
        var text = CompositeText(value)
        let start = arena.count
        guard text.begin() else { return false }
        for index in members.indices {
            if index > 0, !text.separator() { return false }
            arena.append(members[index].fragment)
            let writer = members[index].writer
            switch text.field() {
            case .null: arena.append("null")
            case .plain(let bytes), .quoted(let bytes, escaped: false):
                write(bytes, as: writer, of: nested, into: &arena, depth: depth + 1)
            case .quoted(let bytes, escaped: true):
                let level = scratch(at: depth)
                Backslashes.removeWithDoubledQuotes(from: bytes, into: &level.arena)
                write(level.arena.bytes, as: writer, of: nested, into: &arena, depth: depth + 1)
            case .malformed: return false
            }
        }
        guard text.end() else { return false }
        arena.closeObject(from: start)
        return true
    }

    mutating func writeHstore(_ value: UnsafeRawBufferPointer, into arena: inout ByteArena, depth: Int) {
        var text = HstoreText(value)
        let start = arena.count
        while true {
            switch text.next() {
            case .pair(let key, let value):
                arena.append(UInt8(ascii: ","))
                writeQuoted(key, into: &arena, depth: depth)
                arena.append(UInt8(ascii: ":"))
                if let value { writeQuoted(value, into: &arena, depth: depth) } else { arena.append("null") }
            case .end:
                arena.closeObject(from: start)
                return
            case .malformed:
                arena.truncate(to: start)
                writeText(value, into: &arena)
                return
            }
        }
    }

    private mutating func writeQuoted(_ quoted: HstoreText.Quoted, into arena: inout ByteArena, depth: Int) {
        guard quoted.escaped else { return writeText(quoted.bytes, into: &arena) }
        let level = scratch(at: depth)
        Backslashes.remove(from: quoted.bytes, into: &level.arena)
        writeText(level.arena.bytes, into: &arena)
    }
}
