import CoreIngest

/// Numbers for the histories of sources, in the order in which this sink met them. Positions of two histories cannot be compared, and a
/// change of a later one must count more: the number stands before the position in each row's version. Kept in a table of the database.
struct ClickHouseEpochs {
    private let table: ClickHouseTable
    private let sink: String
    private var known: [String: UInt64]?
    /// Histories that continue another one.
    private var followed: [SourceIdentity: Predecessor] = [:]

    /// Of one history: its own number, and that of the one which it continues, for what lies before the switch.
    struct Epochs {
        fileprivate var own: UInt64
        fileprivate var before: [(end: UInt64, epoch: UInt64)] = []

        /// A row's version: 16 bits of the epoch, 64 of the commit's position and 48 of the place in it.
        func version(of position: Position) -> UInt128 {
            // The same change has the same version, by whichever history it comes.
            let epoch = before.last { position.commit < $0.end }?.epoch ?? own
            return UInt128(min(epoch, 1 << 16 - 1)) << 112 | UInt128(position.commit) << 48
                | UInt128(min(position.storedRank, 1 << 48 - 1))
        }
    }

    init(database: String, sink: String) {
        table = ClickHouseTable(database, "buz_cdc_sources")
        self.sink = sink
    }

    mutating func forget() { known = nil }

    mutating func follow(_ source: SourceIdentity, _ predecessor: Predecessor) { followed[source] = predecessor }

    /// The numbers for a history's changes; a new one is stored before it is used.
    mutating func epochs(
        of source: SourceIdentity, _ session: ClickHouseSession
    ) throws(ClickHouseFailure) -> Epochs {
        var before: [(end: UInt64, epoch: UInt64)] = []
        if let predecessor = followed[source] {
            let earlier = try epochs(of: predecessor.identity, session)
            before = [(predecessor.end, earlier.own)] + earlier.before.map { (min($0.end, predecessor.end), $0.epoch) }
        }
        let own = try epoch(of: source, session)
        // One that was met later than what continues it says nothing.
        return Epochs(own: own, before: before.filter { $0.epoch < own })
    }

    private mutating func epoch(
        of source: SourceIdentity, _ session: ClickHouseSession
    ) throws(ClickHouseFailure) -> UInt64 {
        if known == nil { known = try load(session) }
        let name = source.description
        if let epoch = known?[name] { return epoch }
        let epoch = (known?.values.max() ?? 0) + 1
        try session.run(
            """
            INSERT INTO \(table.sql) (sink, source, epoch) SETTINGS async_insert = 0
            VALUES (\(clickHouseLiteral(sink)), \(clickHouseLiteral(name)), \(epoch))
            """)
        known?[name] = epoch
        return epoch
    }

    private func load(_ session: ClickHouseSession) throws(ClickHouseFailure) -> [String: UInt64] {
        try session.run(
            """
            CREATE TABLE IF NOT EXISTS \(table.sql) (sink String, source String, epoch UInt64)
            ENGINE = MergeTree ORDER BY (sink, source)
            """)
        // Stored twice after a lost answer: the highest counts, as changes may have gone with it.
        let rows = try session.texts(
            """
            SELECT CAST(source, 'Nullable(String)'), CAST(toString(max(epoch)), 'Nullable(String)') FROM \(table.sql)
            WHERE sink = \(clickHouseLiteral(sink)) GROUP BY source
            """, columns: 2)
        var found: [String: UInt64] = [:]
        for row in rows {
            guard let source = row[0], let epoch = row[1].flatMap({ UInt64($0) }) else { continue }
            found[source] = epoch
        }
        return found
    }
}
