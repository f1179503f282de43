import CoreIngest

extension ParityTable {
    /// Whether the key begins with values that every destination orders as Postgres does: integers, and UUIDs where they are texts of
    /// one width.
    var hasCommonOrder: Bool {
        switch columns[keyColumns[0]].kind {
        case .integer, .uuid: true
        case .boolean, .float, .numeric, .string, .date, .time, .timestamp, .interval, .bytes, .json, .hstore,
            .enumeration, .array, .composite, .text:
            false
        }
    }
}
