/// A table that is compared with its mirror, as its source has it.
package struct ParityTable: Sendable {
    package var schema: String
    package var name: String
    /// The published columns, in the table's order.
    package var columns: [StreamDescriptor.Column]
    /// Indices into `columns`, in the key's order; empty where the table has no key: it cannot be compared.
    package var keyColumns: [Int]
    /// The planner's estimate.
    package var estimatedRows: UInt64
    /// By column: what the mirror keeps of values beyond is the bound, and so they are compared. Empty, or one for each column.
    package var bounds: [ValueBounds?] = []

    package init(
        schema: String, name: String, columns: [StreamDescriptor.Column], keyColumns: [Int], estimatedRows: UInt64
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.keyColumns = keyColumns
        self.estimatedRows = estimatedRows
    }

    /// The table without some columns, none of which is of the key.
    package func without(_ columns: Set<Int>) -> ParityTable {
        let kept = self.columns.indices.filter { !columns.contains($0) }
        return ParityTable(
            schema: schema, name: name, columns: kept.map { self.columns[$0] },
            keyColumns: keyColumns.compactMap { kept.firstIndex(of: $0) }, estimatedRows: estimatedRows)
    }

    /// `schema.table`, for people.
    package var qualifiedName: String { "\(schema).\(name)" }

    /// Whether parts of the table can be cut by its key: values of the first key column have one order everywhere. Texts do not, as
    /// collations differ.
    package var hasOrderedKey: Bool {
        guard let first = keyColumns.first else { return false }
        switch columns[first].kind {
        case .integer, .numeric, .uuid, .date, .timestamp: return true
        case .boolean, .float, .string, .time, .interval, .bytes, .json, .hstore, .enumeration, .array, .composite,
            .text:
            return false
        }
    }
}

/// The least and the greatest value that a mirror's column of dates or timestamps holds, as Postgres writes them.
package struct ValueBounds: Sendable, Equatable {
    package var least: String
    package var most: String

    package init(least: String, most: String) {
        self.least = least
        self.most = most
    }
}

/// Values of the first key column: above one, up to another. Values are texts as the source writes them; nil has no bound.
package struct KeyRange: Sendable, Equatable {
    package var after: String?
    package var upTo: String?

    package init(after: String? = nil, upTo: String? = nil) {
        self.after = after
        self.upTo = upTo
    }
}

/// The values of a row's key, in the key's order. Compared byte for byte.
package struct ParityKey: Hashable, Sendable {
    package let values: [String]

    package init(_ values: [String]) { self.values = values }

    package static func == (left: Self, right: Self) -> Bool {
        left.values.count == right.values.count
            && zip(left.values, right.values).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    package func hash(into hasher: inout Hasher) {
        for value in values {
            for byte in value.utf8 { hasher.combine(byte) }
            hasher.combine(UInt8(0xFF))
        }
    }
}
