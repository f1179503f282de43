/// The statements of a comparison in Postgres's SQL, for a side that is a Postgres database, and the reading of their rows.
package struct ParitySQL: Sendable {
    private let identifier: @Sendable (String) -> String
    private let literal: @Sendable (String) -> String
    /// A table as a `FROM` clause names it.
    private let relation: @Sendable (ParityTable) -> String
    /// A condition that rows of a table must meet, as SQL; nil for none.
    private let filter: @Sendable (ParityTable) -> String?

    package init(
        identifier: @escaping @Sendable (String) -> String, literal: @escaping @Sendable (String) -> String,
        relation: @escaping @Sendable (ParityTable) -> String,
        filter: @escaping @Sendable (ParityTable) -> String? = { _ in nil }
    ) {
        self.identifier = identifier
        self.literal = literal
        self.relation = relation
        self.filter = filter
    }

    /// What the text of values depends on, pinned; and nothing is written.
    package static let session = """
        SET default_transaction_read_only = on; SET extra_float_digits = 3; SET bytea_output = 'hex'; \
        SET xmlbinary = 'base64'; SET search_path = pg_catalog; SET DateStyle = 'ISO, MDY'; \
        SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET lc_monetary = 'C'
        """

    // MARK: Statements

    /// One row with the key's value, or none.
    package func boundary(_ table: ParityTable, after: String?, rows: Int) -> String {
        let key = identifier(table.columns[table.keyColumns[0]].name)
        return
            "SELECT \(key)::text FROM \(from(table, KeyRange(after: after))) ORDER BY \(key) OFFSET \(max(0, rows - 1)) LIMIT 1"
    }

    /// Rows for ``digests(_:)``.
    package func digests(_ table: ParityTable, _ range: KeyRange, buckets: Int) -> String {
        """
        SELECT bucket, count(*), sum(hash) FROM (
          SELECT \(bucket(table, buckets)) AS bucket, \(hash(table)) AS hash FROM \(from(table, range))) r GROUP BY 1
        """
    }

    /// Rows for ``hashes(_:)``.
    package func hashes(_ table: ParityTable, _ range: KeyRange, buckets: Int, chosen: [Int]) -> String {
        """
        SELECT hash, \(table.keyColumns.indices.map { "k\($0)" }.joined(separator: ", ")) FROM (
          SELECT \(bucket(table, buckets)) AS bucket, \(hash(table)) AS hash,
            \(table.keyColumns.enumerated().map { "\(text($1, of: table)) AS k\($0)" }.joined(separator: ", "))
          FROM \(from(table, range))) r WHERE bucket = ANY ('{\(chosen.map(String.init).joined(separator: ","))}')
        """
    }

    /// Rows for ``rows(_:of:)``.
    package func rows(_ table: ParityTable, _ keys: [ParityKey]) -> String {
        let names = table.keyColumns.map { identifier(table.columns[$0].name) }
        let wanted = keys.map { "(\($0.values.map(literal).joined(separator: ", ")))" }
        return """
            SELECT \(table.columns.indices.map { text($0, of: table) }.joined(separator: ", ")) FROM \(from(table, KeyRange()))
              AND (\(names.joined(separator: ", "))) IN (\(wanted.joined(separator: ", ")))
            """
    }

    /// `table WHERE …`
    private func from(_ table: ParityTable, _ range: KeyRange) -> String {
        var conditions = [filter(table).map { "(\($0))" } ?? "true"]
        if let first = table.keyColumns.first {
            let key = identifier(table.columns[first].name)
            if let after = range.after { conditions.append("\(key) > \(literal(after))") }
            if let upTo = range.upTo { conditions.append("\(key) <= \(literal(upTo))") }
        }
        return "\(relation(table)) WHERE \(conditions.joined(separator: " AND "))"
    }

    private func hash(_ table: ParityTable) -> String {
        digits(table.columns.indices.map { text($0, of: table) }, 16) + "::bit(64)::bigint"
    }

    private func bucket(_ table: ParityTable, _ count: Int) -> String {
        digits(table.keyColumns.map { text($0, of: table) }, 8) + "::bit(32)::int & \(count - 1)"
    }

    /// A composite value's text quotes what needs it, so that different values have different texts.
    private func digits(_ values: [String], _ count: Int) -> String {
        "('x' || left(md5(ROW(\(values.joined(separator: ", ")))::text), \(count)))"
    }

    /// A column's canonical text.
    private func text(_ index: Int, of table: ParityTable) -> String {
        let column = table.columns[index]
        let name = identifier(column.name)
        if index < table.bounds.count, let bounds = table.bounds[index] {
            // Both functions pass NULL over.
            return """
                CASE WHEN \(name) IS NOT NULL THEN least(greatest(\(name), \(literal(bounds.least))), \(literal(bounds.most)))::text END
                """
        }
        switch column.kind {
        case .json: return "translate(nullif(\(name)::text, 'null'), E'\\n\\r\\t', '   ')"
        case .array(let element):
            let text = "regexp_replace(\(name)::text, '^(\\[-?[0-9]+:-?[0-9]+\\])+=', '')"
            return element == .json ? "translate(\(text), E'\\n\\r\\t', '   ')" : text
        case .string where column.sqlType != "text" && !column.sqlType.hasPrefix("character varying"), .text:
            // A cast to text would cut the padding of char(n) off, and add a mask to inet.
            return "CASE WHEN \(name) IS NOT NULL THEN concat(\(name)) END"
        case .float: return "CASE \(name)::text WHEN '-0' THEN '0' ELSE \(name)::text END"
        case .boolean, .integer, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .bytes, .hstore,
            .enumeration, .composite:
            return "\(name)::text"
        }
    }

    // MARK: Answers

    package static func digests(_ rows: [[String?]]) -> [Int: BucketDigest] {
        var digests: [Int: BucketDigest] = [:]
        for row in rows {
            guard row.count == 3, let bucket = row[0].flatMap({ Int($0) }), let count = row[1].flatMap({ UInt64($0) }),
                let sum = row[2].flatMap({ Int128($0) })
            else { continue }
            digests[bucket] = BucketDigest(rows: count, sum: sum)
        }
        return digests
    }

    package static func hashes(_ rows: [[String?]]) -> [ParityKey: Int64] {
        var hashes: [ParityKey: Int64] = [:]
        for row in rows {
            guard let hash = row.first.flatMap({ $0 }).flatMap({ Int64($0) }) else { continue }
            hashes[ParityKey(row.dropFirst().map { $0 ?? "" })] = hash
        }
        return hashes
    }

    package static func rows(_ rows: [[String?]], of table: ParityTable) -> [ParityKey: [String?]] {
        var found: [ParityKey: [String?]] = [:]
        for row in rows where row.count == table.columns.count {
            found[ParityKey(table.keyColumns.map { row[$0] ?? "" })] = row
        }
        return found
    }
}
