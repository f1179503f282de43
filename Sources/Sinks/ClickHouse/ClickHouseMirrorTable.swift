import CoreIngest

/// One mirror table in the shape of its source, and what one write has for it.
final class ClickHouseMirrorTable {
    let table: ClickHouseTable
    let descriptor: StreamDescriptor
    /// By column: the name as statements write it, and the type that is there.
    let columns: [(sql: String, type: ClickHouseType)]
    /// Names of the columns that the mirror has besides, as statements write them.
    let more: [String]
    let keyed: KeyedChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []

    init(
        _ table: ClickHouseTable, _ descriptor: StreamDescriptor, _ columns: [(sql: String, type: ClickHouseType)],
        more: [String]
    ) {
        self.table = table
        self.descriptor = descriptor
        self.columns = columns
        self.more = more
        keyed = KeyedChanges(RowShape(descriptor))
    }

    var key: [Int] { descriptor.keyColumns }
    var hasKey: Bool { !key.isEmpty }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    /// The statement that rows go behind. Without deduplication of blocks: rows that came before a truncation may come again.
    var insertion: String {
        """
        INSERT INTO \(table.sql) (\((columns.map(\.sql) + more).joined(separator: ", "))) SETTINGS async_insert = 0, insert_deduplicate = 0
        """
    }
}
