import CoreIngest

extension RowSelection {
    /// The conditions in SQL that choose these rows by the first column of the key, for destinations that keep integers, UUIDs and texts as
    /// they are; empty where the rows cannot be chosen so, and all are to be read. `name`: the column as SQL writes it.
    func conditions(
        on table: ParityTable, name: (_ column: String) -> String, literal: (_ text: String) -> String
    ) -> [String] {
        let first = table.columns[table.keyColumns[0]]
        let column = name(first.name)
        func value(_ text: String) -> String {
            if case .integer = first.kind, Int64(text) != nil { return text }
            return literal(text)
        }
        switch self {
        case .range(let range):
            return [range.after.map { "\(column) > \(value($0))" }, range.upTo.map { "\(column) <= \(value($0))" }]
                .compactMap { $0 }
        case .keys(let keys):
            switch first.kind {
            // As stored.
            case .integer, .uuid, .string, .enumeration, .text:
                return ["\(column) IN (\(keys.map { value($0.values.first ?? "") }.joined(separator: ", ")))"]
            case .boolean, .float, .numeric, .date, .time, .timestamp, .interval, .bytes, .json, .hstore, .array,
                .composite:
                return []
            }
        }
    }
}
