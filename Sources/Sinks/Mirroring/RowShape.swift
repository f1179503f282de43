import CoreIngest

/// Which members the payloads of a table have, and which of them are its key.
struct RowShape {
    /// As JSON writes the columns' names, with quotes: what members of payloads are compared with first.
    let members: [[UInt8]]
    /// Indices of columns, in the key's order; empty where the table has no key.
    let key: [Int]
    private let positions: [ExactText: Int]

    init(_ descriptor: StreamDescriptor) {
        members = descriptor.columns.map { column in
            var member = ByteArena(capacity: 72)
            member.appendJSONString(text: column.name)
            return Array(member.bytes)
        }
        key = descriptor.keyColumns
        positions = Dictionary(
            descriptor.columns.enumerated().map { ($0.element.$name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The column that a payload's member is for. `hint`: the one that comes next when members are in the columns' order.
    func index(of member: UnsafeRawBufferPointer, hint: Int) -> Int? {
        if hint < members.count, members[hint].elementsEqual(member) { return hint }
        return positions[ExactText(ByteArena.unescaped(member))]
    }
}
