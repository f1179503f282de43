import CoreIngest

/// Rows of which the source sent some columns only: the others are read from the table.
extension ClickHouseMirrorWriter {
    /// Keys whose rows are asked for at once, within ClickHouse's `max_query_size` of 256 KiB.
    private static var mostKeys: Int { 500 }
    private static var mostKeyBytes: Int { 128 << 10 }

    /// Completes rows with the columns that the table has of them, and stores them.
    mutating func complete(_ lasts: [Int32], _ table: ClickHouseMirrorTable) throws(ClickHouseFailure) {
        // By what is missing, as that is one question to the table.
        var groups: [[Int]: [Int32]] = [:]
        for last in lasts where table.keyed.collect(last, of: slices) {
            groups[table.columns.indices.filter { table.keyed.row.values[$0] == nil }, default: []].append(last)
        }
        for (missing, lasts) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var rest = lasts[...]
            while !rest.isEmpty {
                var some: [Int32] = []
                var bytes = 0
                while let last = rest.first, some.count < Self.mostKeys, bytes < Self.mostKeyBytes {
                    some.append(last)
                    rest.removeFirst()
                    if table.keyed.collect(last, of: slices) {
                        bytes += table.key.reduce(0) { $0 + 2 * (table.keyed.row.values[$1]?.count ?? 0) + 32 }
                    }
                }
                try complete(some, missing, table)
            }
        }
    }

    private mutating func complete(
        _ lasts: [Int32], _ missing: [Int], _ table: ClickHouseMirrorTable
    ) throws(ClickHouseFailure) {
        let keys = lasts.compactMap { last in table.keyed.collect(last, of: slices) ? keyLiteral(table) : nil }
        let stored = try StoredColumns(table, missing.map { table.columns[$0] }, keys: keys, session)
        rows.truncate(to: 0)
        for last in lasts where table.keyed.collect(last, of: slices) {
            append(table.keyed.changes.changes[Int(last)].event, missing, stored.row(key: keyBytes(table)), table)
        }
        if rows.count > 0 { try session.insert(table.insertion, rows: rows) }
    }

    // MARK: Moves

    /// Moves rows to other keys, with the columns that only the table has of them. Each event concerns rows of its own.
    mutating func carryOut(_ moves: [EventReference], _ table: ClickHouseMirrorTable) throws(ClickHouseFailure) {
        var rest = moves[...]
        while !rest.isEmpty {
            var some: [EventReference] = []
            var bytes = 0
            while let event = rest.first, some.count < Self.mostKeys, bytes < Self.mostKeyBytes {
                some.append(event)
                rest.removeFirst()
                table.keyed.collectPayload(event, of: slices)
                bytes += keyLiteral(table).utf8.count
            }
            try move(some, table)
        }
    }

    private mutating func move(_ moves: [EventReference], _ table: ClickHouseMirrorTable) throws(ClickHouseFailure) {
        let left = try moves.filter(notHeld(moves, table))
        // By what is missing, as that is one question to the table.
        var groups: [[Int]: [EventReference]] = [:]
        for event in left {
            table.keyed.collectPayload(event, of: slices)
            groups[table.columns.indices.filter { table.keyed.row.values[$0] == nil }, default: []].append(event)
        }
        rows.truncate(to: 0)
        for (missing, moves) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var olds: [(event: EventReference, key: [UInt8], literal: String)] = []
            for event in moves {
                table.keyed.collectBefore(event, of: slices)
                olds.append((event, keyBytes(table), keyLiteral(table)))
            }
            let stored = try StoredColumns(
                table, missing.map { table.columns[$0] }, keys: olds.map(\.literal), session)
            for old in olds { append(move: old.event, missing, stored.row(key: old.key), table) }
        }
        if rows.count > 0 { try session.insert(table.insertion, rows: rows) }
    }

    /// Writes the row under its new key, and the removal of the old one.
    private mutating func append(
        move event: EventReference, _ missing: [Int], _ stored: [ArraySlice<UInt8>]?, _ table: ClickHouseMirrorTable
    ) {
        table.keyed.collectPayload(event, of: slices)
        let start = rows.count
        append(event, missing, stored, table)
        guard rows.count > start else { return }
        table.keyed.collectBefore(event, of: slices)
        for index in table.columns.indices {
            let isKey = table.key.contains(index)
            _ = rows.append(
                rowValue: isKey ? table.keyed.row.values[index] : nil, table.columns[index].type,
                table.descriptor.columns[index].kind, scratch: &scratch)
        }
        writeVersion(of: event, isDeleted: true)
    }

    /// Tells the moves that are still to be done: where the new key's row is there with the event's version or a later one, the event
    /// comes again, and where it took the missing columns from may be gone.
    private mutating func notHeld(
        _ moves: [EventReference], _ table: ClickHouseMirrorTable
    ) throws(ClickHouseFailure) -> (EventReference) -> Bool {
        var keys: [EventReference: [UInt8]] = [:]
        var literals: [String] = []
        for event in moves {
            table.keyed.collectPayload(event, of: slices)
            keys[event] = keyBytes(table)
            literals.append(keyLiteral(table))
        }
        let versions = try StoredColumns(
            table, [("max(\(table.more[0]))", .init(.unsigned(bits: 128)))], keys: literals, session,
            ofAllVersions: true)
        var wanted: [EventReference: UInt128] = [:]
        for event in moves { wanted[event] = version(of: event) }
        return { [wanted] event in
            guard let stored = keys[event].flatMap({ versions.row(key: $0) })?.first else { return true }
            return stored.reversed().reduce(0) { $0 << 8 | UInt128($1) } < wanted[event] ?? 0
        }
    }

    /// Writes the collected row, with what is stored of the missing columns.
    private mutating func append(
        _ event: EventReference, _ missing: [Int], _ stored: [ArraySlice<UInt8>]?, _ table: ClickHouseMirrorTable
    ) {
        let start = rows.count
        for index in table.columns.indices {
            if let place = missing.firstIndex(of: index), let stored {
                stored[place].withUnsafeBytes { rows.append($0) }
            } else if !writeValue(index, table) {
                rows.truncate(to: start)
                refusals[event] = refusal(index, table)
                return
            }
        }
        writeVersion(of: event, isDeleted: false)
    }

    /// The collected row's key as RowBinary has it.
    private mutating func keyBytes(_ table: ClickHouseMirrorTable) -> [UInt8] {
        var key = ByteArena(capacity: 64)
        for index in table.key {
            _ = key.append(
                rowValue: table.keyed.row.values[index], table.columns[index].type,
                table.descriptor.columns[index].kind,
                scratch: &scratch)
        }
        return Array(key.bytes)
    }

    /// The collected row's key as a tuple of SQL.
    private func keyLiteral(_ table: ClickHouseMirrorTable) -> String {
        let members = table.key.map { index in
            let json = table.keyed.row.values[index]
            var text =
                json.map {
                    $0.first == UInt8(ascii: "\"") ? ByteArena.unescaped($0) : String(decoding: $0, as: UTF8.self)
                } ?? ""
            let kind = table.descriptor.columns[index].kind
            if kind == .json, let json { text = String(decoding: json, as: UTF8.self) }
            if kind == .bytes, text.hasPrefix("\\x") { return "unhex(\(clickHouseLiteral(String(text.dropFirst(2)))))" }
            return "CAST(\(clickHouseLiteral(text)), \(clickHouseLiteral("\(table.columns[index].type)")))"
        }
        return clickHouseTuple(members)
    }
}
