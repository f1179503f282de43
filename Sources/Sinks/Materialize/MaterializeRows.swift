import CoreIngest

/// What one write has for one table of the destination, as COPY sends it.
protocol MaterializeRows: AnyObject {
    var table: MaterializeName { get }
    /// As COPY lists them.
    var columns: String { get }
    /// How many rows ``render(_:)`` made last.
    var count: Int { get }
    /// Some of them; valid until the next ``render(_:)``.
    func bytes(_ rows: Range<Int>) -> UnsafeRawBufferPointer
    /// Writes the rows. Answers events that are refused before anything is sent, which are left out.
    func render(_ slices: [BatchSlice]) -> [EventReference: PostgresFailure]
    /// Takes the event to which a row is due out, and answers it. What it built on stays.
    func refuse(_ row: Int) -> EventReference
}

/// Events for a table of events.
final class MaterializeEventRows: MaterializeRows {
    private let target: MaterializeEventTable
    private var events: [EventReference]
    private var isRefused: Set<EventReference> = []
    private var block = RowBlock()

    init(_ events: [EventReference], _ target: MaterializeEventTable) {
        self.events = events
        self.target = target
    }

    var table: MaterializeName { target.name }
    var columns: String { MaterializeEventTable.columns }
    var count: Int { block.count }
    func bytes(_ rows: Range<Int>) -> UnsafeRawBufferPointer { block.bytes(rows) }

    func render(_ slices: [BatchSlice]) -> [EventReference: PostgresFailure] {
        events.removeAll { isRefused.contains($0) }
        block = events.isEmpty ? RowBlock() : target.rows(events, of: slices)
        return [:]
    }

    func refuse(_ row: Int) -> EventReference {
        let event = events[Int(block.owner(row))]
        isRefused.insert(event)
        return event
    }
}

/// The changes of one mirror: deletions first, as two texts of one key (1.0 and 1.00) are two keys to the fold, and one to the view.
final class MaterializeMirrorRows: MaterializeRows {
    /// What a row is due to.
    private enum Owner {
        /// A number in ``heads``.
        case head(Int)
        case move(Int)
        case keyless(EventReference)
    }

    private let target: MaterializeMirrorTable
    /// The number of the first row, less one.
    private let first: UInt64
    /// For each key the change whose outcome is its row; -1 where all of them were refused.
    private var heads: [Int32]
    /// Texts of the rows that partial updates change, by the number of the head; and of those that moves move.
    private let bases: [Int: [String?]]
    private var moves: [(event: EventReference, base: [String?]?, isRefused: Bool)]
    private var keyless: [EventReference]
    private var owners: [Owner] = []
    private var block = RowBlock()

    init(
        _ target: MaterializeMirrorTable, after first: UInt64, bases: [Int: [String?]],
        moves: [(event: EventReference, base: [String?]?)]
    ) {
        self.target = target
        self.first = first
        self.bases = bases
        self.moves = moves.map { ($0.event, $0.base, false) }
        heads = target.keyed.changes.lasts
        keyless = target.keyless
    }

    var mirror: MaterializeName { target.mirror }
    var table: MaterializeName { target.changes }
    var columns: String { target.copied }
    var count: Int { block.count }
    func bytes(_ rows: Range<Int>) -> UnsafeRawBufferPointer { block.bytes(rows) }
    /// Where the mirror begins anew, if this write empties it.
    var mark: UInt64? { target.isEmptied ? first : nil }

    func refuse(_ row: Int) -> EventReference { refuse(owners[Int(block.owner(row))]) }

    private func refuse(_ owner: Owner) -> EventReference {
        switch owner {
        case .keyless(let event):
            keyless.removeAll { $0 == event }
            return event
        case .move(let number):
            moves[number].isRefused = true
            return moves[number].event
        case .head(let number):
            let change = target.keyed.changes.changes[Int(heads[number])]
            heads[number] = change.previous
            return change.event
        }
    }

    func render(_ slices: [BatchSlice]) -> [EventReference: PostgresFailure] {
        var refused: [EventReference: PostgresFailure] = [:]
        while true {
            let failed = renderAll(slices)
            if failed.isEmpty { return refused }
            for (owner, failure) in failed { refused[refuse(owner)] = failure }
        }
    }

    /// Answers what cannot be written.
    private func renderAll(_ slices: [BatchSlice]) -> [(Owner, PostgresFailure)] {
        block = RowBlock()
        owners = []
        var failed: [(Owner, PostgresFailure)] = []
        let keyed = target.keyed
        for (number, move) in moves.enumerated() where !move.isRefused {
            keyed.collectBefore(move.event, of: slices)
            write(move.event, UInt8(ascii: "d"), .move(number), slices, only: target.shape.key, &failed)
        }
        for isRemoval in [true, false] {
            for (number, head) in heads.enumerated() where head >= 0 {
                let change = keyed.changes.changes[Int(head)]
                guard (change.effect == .removal) == isRemoval else { continue }
                guard keyed.collect(head, of: slices) else {
                    failed.append((.head(number), Self.malformed(target)))
                    continue
                }
                let operation = isRemoval ? UInt8(ascii: "d") : change.event.record(in: slices).operation.rawValue
                write(
                    change.event, operation, .head(number), slices, only: isRemoval ? target.shape.key : nil,
                    base: bases[number], &failed)
            }
        }
        for (number, move) in moves.enumerated() where !move.isRefused {
            keyed.collectPayload(move.event, of: slices)
            write(move.event, UInt8(ascii: "u"), .move(number), slices, base: move.base, &failed)
        }
        for event in keyless {
            keyed.collectPayload(event, of: slices)
            write(event, event.record(in: slices).operation.rawValue, .keyless(event), slices, &failed)
        }
        return failed
    }

    /// Writes the collected row.
    private func write(
        _ event: EventReference, _ operation: UInt8, _ owner: Owner, _ slices: [BatchSlice], only: [Int]? = nil,
        base: [String?]? = nil, _ failed: inout [(Owner, PostgresFailure)]
    ) {
        let column = target.write(
            target.keyed.row, operation, sequence: first + UInt64(block.count) + 1, event.record(in: slices).position,
            only: only, base: base, to: &block.lines)
        if let column {
            block.abandonLine()
            failed.append((owner, target.refusal(column)))
        } else {
            owners.append(owner)
            block.endLine(owner: Int32(owners.count - 1))
        }
    }

    private static func malformed(_ target: MaterializeMirrorTable) -> PostgresFailure {
        PostgresFailure(
            .data, "the payload of a row of \(target.descriptor.qualifiedName) is not a JSON object", sqlState: "22P02")
    }
}
