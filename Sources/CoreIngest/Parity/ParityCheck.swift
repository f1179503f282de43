/// Compares tables with their mirrors while traffic runs.
///
/// A table is read in parts. Of each part both sides make digests, bucket by bucket; only of buckets that differ row hashes are
/// fetched, and only rows whose hashes differ are looked at. As a change may be under way, such a row counts as different only when
/// the source's row stays the same while the mirror takes in everything up to the position at which it was read.
package struct ParityCheck<Source: ParitySource, Mirror: ParityMirror> {
    /// Blocks until the mirror has what the source committed before a position. Nil when it has, else why not, in one line.
    package typealias CatchUp = (LogSequenceNumber) -> String?

    private let source: Source
    private let mirror: Mirror
    private let settings: ParitySettings
    private let catchUp: CatchUp
    private let pause: (Duration) -> Void

    /// `pause`: sleeps, so that the source has its rest.
    package init(
        source: Source, mirror: Mirror, settings: ParitySettings = ParitySettings(), catchUp: @escaping CatchUp,
        pause: @escaping (Duration) -> Void
    ) {
        self.source = source
        self.mirror = mirror
        self.settings = settings
        self.catchUp = catchUp
        self.pause = pause
    }

    /// Compares one table. `progress` is told the source's rows read so far after each part.
    package func compare(
        _ whole: ParityTable, progress: (UInt64) -> Void = { _ in }
    ) throws(ParityError) -> TableParity {
        var result = TableParity(table: whole)
        if whole.keyColumns.isEmpty {
            result.obstacle = "it has no key, so its mirror is a list of changes: give it a primary key to compare it"
            return result
        }
        var table: ParityTable
        switch try mirror.scope(of: whole) {
        case .absent(let reason):
            result.absence = reason
            return result
        case .nothing(let reason):
            result.obstacle = reason
            return result
        case .allBut(let columns):
            table = whole.without(columns)
            result.leftOut = columns.sorted().map { whole.columns[$0].name }
        }
        table.bounds = table.columns.map { mirror.bounds(of: $0) }
        var range = KeyRange()
        let isCut = table.hasOrderedKey && mirror.orders(table)
        while true {
            if isCut {
                let after = range.after
                range.upTo = try measured { () throws(ParityError) in
                    try source.boundary(table, after: after, rows: settings.partRows)
                }
            }
            try compare(table, range, isCut ? settings.partRows : Int(clamping: table.estimatedRows), &result)
            progress(result.sourceRows)
            guard let next = range.upTo else { return result }
            range.after = next
        }
    }

    private func compare(
        _ table: ParityTable, _ range: KeyRange, _ expectedRows: Int, _ result: inout TableParity
    ) throws(ParityError) {
        let buckets = Self.powerOfTwo(atLeast: expectedRows / max(1, settings.bucketRows), atMost: 1 << 16)
        let ours = try measured { () throws(ParityError) in
            try source.digests(table, range, buckets: buckets)
        }
        let theirs = try mirror.digests(table, range, buckets: buckets)
        for digest in ours.values { result.sourceRows += digest.rows }
        for digest in theirs.values { result.mirrorRows += digest.rows }
        var group: [Int] = []
        var groupRows: UInt64 = 0
        for bucket in Set(ours.keys).union(theirs.keys).sorted() where ours[bucket] != theirs[bucket] {
            let rows = max(ours[bucket]?.rows ?? 0, theirs[bucket]?.rows ?? 0)
            if groupRows + rows > UInt64(settings.partRows), !group.isEmpty {
                try narrow(table, range, buckets, group, &result)
                group = []
                groupRows = 0
            }
            group.append(bucket)
            groupRows += rows
        }
        if !group.isEmpty { try narrow(table, range, buckets, group, &result) }
    }

    /// Finds the rows in buckets that differ.
    private func narrow(
        _ table: ParityTable, _ range: KeyRange, _ buckets: Int, _ chosen: [Int], _ result: inout TableParity
    ) throws(ParityError) {
        let ours = try measured { () throws(ParityError) in
            try source.hashes(table, range, buckets: buckets, chosen: chosen)
        }
        let theirs = try mirror.hashes(table, range, buckets: buckets, chosen: chosen)
        var suspects: [ParityKey] = []
        for (key, hash) in ours where theirs[key] != hash { suspects.append(key) }
        for key in theirs.keys where ours[key] == nil { suspects.append(key) }
        var rest = suspects[...]
        while !rest.isEmpty {
            if result.differences.count >= settings.mostDifferences {
                result.unconfirmed += UInt64(rest.count)
                return
            }
            try confirm(table, Array(rest.prefix(settings.confirmedAtOnce)), &result)
            rest = rest.dropFirst(settings.confirmedAtOnce)
        }
    }

    /// Looks at rows until the source's stayed the same while the mirror caught up, at most some rounds.
    private func confirm(
        _ table: ParityTable, _ keys: [ParityKey], _ result: inout TableParity
    ) throws(ParityError) {
        var open = keys
        for _ in 0..<settings.rounds {
            let looked = open
            let before = try measured { () throws(ParityError) in try source.rows(table, looked) }
            let position = try source.position()
            let reason = catchUp(position)
            let mirrored = try mirror.rows(table, open)
            let after = try measured { () throws(ParityError) in try source.rows(table, looked) }
            var changed: [ParityKey] = []
            for key in open {
                guard Self.same(before[key], after[key]) else {
                    changed.append(key)
                    continue
                }
                if Self.same(before[key], mirrored[key]) { continue }
                if result.behind == nil { result.behind = reason }
                result.differences.append(Self.difference(key, table, before[key], mirrored[key]))
            }
            if changed.isEmpty { return }
            open = changed
        }
        result.unsettled += UInt64(open.count)
    }

    private static func difference(
        _ key: ParityKey, _ table: ParityTable, _ expected: [String?]?, _ found: [String?]?
    ) -> RowDifference {
        guard let expected else { return RowDifference(key: key, kind: .extra, columns: []) }
        guard let found else { return RowDifference(key: key, kind: .missing, columns: []) }
        let columns = table.columns.indices.filter { !same(expected[$0], found[$0]) }.map { table.columns[$0].name }
        return RowDifference(key: key, kind: .different, columns: columns)
    }

    private static func same(_ left: [String?]?, _ right: [String?]?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
    }

    /// Byte for byte: Swift's own `==` takes texts in different normal forms for equal.
    private static func same(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.utf8.elementsEqual(right.utf8)
    }

    private static func powerOfTwo(atLeast least: Int, atMost most: Int) -> Int {
        var value = 1
        while value < least, value < most { value *= 2 }
        return value
    }

    /// Runs something on the source, and lets it rest afterwards as long as its share of load asks for.
    private func measured<Value>(_ body: () throws(ParityError) -> Value) throws(ParityError) -> Value {
        let started = ContinuousClock.now
        let value = try body()
        let busy = started.duration(to: .now)
        if settings.load < 1 { pause(min(busy * (1 / settings.load - 1), .seconds(60))) }
        return value
    }
}

/// Bounds of a comparison.
package struct ParitySettings: Sendable {
    /// Rows of a part, where the key can be cut; and rows whose hashes are fetched at once.
    package var partRows = 100_000
    /// Rows that one bucket should have.
    package var bucketRows = 512
    /// Differences of a table that are confirmed; beyond they are only counted.
    package var mostDifferences = 1000
    /// Rows that are looked at together.
    package var confirmedAtOnce = 200
    /// How often a row is looked at that changes all the time.
    package var rounds = 5
    /// Share of the time in which the source may be busy with the comparison, above 0 up to 1.
    package var load = 0.5

    package init() {}
}
