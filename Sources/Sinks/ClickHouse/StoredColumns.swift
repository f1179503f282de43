import CoreIngest

/// Some columns of some rows of a mirror, as RowBinary has them.
struct StoredColumns {
    private let bytes: [UInt8]
    /// By the bytes of the key: where each column lies.
    private var found: [[UInt8]: [Range<Int>]] = [:]

    /// Asks for columns of the rows with some keys, which are tuples of SQL. At most 256 MiB. `ofAllVersions`: the columns are aggregates
    /// of all that is stored under a key, removed rows too.
    init(
        _ table: ClickHouseMirrorTable, _ columns: [(sql: String, type: ClickHouseType)], keys: [String],
        _ session: ClickHouseSession, ofAllVersions: Bool = false
    ) throws(ClickHouseFailure) {
        guard !columns.isEmpty, !keys.isEmpty else {
            bytes = []
            return
        }
        let key = table.key.map { table.columns[$0].sql }.joined(separator: ", ")
        let wanted = columns.map(\.sql).joined(separator: ", ")
        let tuple = clickHouseTuple(table.key.map { table.columns[$0].sql })
        bytes = try session.select(
            """
            SELECT \(key), \(wanted) FROM \(table.table.sql)\(ofAllVersions ? "" : " FINAL")
            WHERE \(tuple) IN (\(keys.joined(separator: ", ")))\(ofAllVersions ? " GROUP BY \(key)" : "")
            """,
            bytes: 256 << 20)
        let types = table.key.map { table.columns[$0].type } + columns.map(\.type)
        var at = 0
        while at < bytes.count {
            var ranges: [Range<Int>] = []
            for type in types {
                guard let end = Self.end(of: type, in: bytes, from: at) else {
                    throw ClickHouseFailure(.unavailable, "an answer ended within a row")
                }
                ranges.append(at..<end)
                at = end
            }
            let keyEnd = ranges[table.key.count - 1].upperBound
            found[Array(bytes[ranges[0].lowerBound..<keyEnd])] = Array(ranges[table.key.count...])
        }
    }

    /// The bytes of the columns of the row with a key; nil where there is none. Valid while this lives and is not changed.
    func row(key: [UInt8]) -> [ArraySlice<UInt8>]? { found[key].map { $0.map { bytes[$0] } } }

    /// Where a value ends.
    private static func end(of type: ClickHouseType, in bytes: [UInt8], from start: Int) -> Int? {
        var at = start
        if type.isNullable {
            guard at < bytes.count else { return nil }
            at += 1
            if bytes[at - 1] != 0 { return at }
        }
        switch type.base {
        case .bool: at += 1
        case .uuid: at += 16
        case .date32: at += 4
        case .dateTime64: at += 8
        case .integer(let bits), .unsigned(let bits), .float(let bits): at += bits / 8
        case .decimal(let precision, _): at += precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32
        case .string:
            var count = 0
            var shift = 0
            while true {
                guard at < bytes.count, shift < 56 else { return nil }
                count |= Int(bytes[at] & 0x7F) << shift
                shift += 7
                at += 1
                if bytes[at - 1] < 0x80 { break }
            }
            guard count <= bytes.count - at else { return nil }
            at += count
        }
        return at <= bytes.count ? at : nil
    }
}
