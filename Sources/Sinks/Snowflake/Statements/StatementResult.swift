import CoreIngest

/// The answer to a statement that was carried out: one partition of its rows, and where the others are.
struct StatementResult {
    let document: JSONDocument
    /// Names the statement in later requests; empty where the answer has none.
    let handle: String
    /// Parts of the rows, this one included.
    let partitions: Int
    /// Of the statements of a request with several.
    let children: [String]

    init?(_ body: [UInt8]) {
        guard let document = body.withUnsafeBytes({ try? JSONDocument($0) }) else { return nil }
        self.document = document
        let view = document.view
        handle = view.member(0, named: "statementHandle").flatMap { view.string($0) } ?? ""
        let meta = view.member(0, named: "resultSetMetaData")
        partitions = meta.flatMap { view.member($0, named: "partitionInfo") }.map { view.count($0) } ?? 1
        var children: [String] = []
        if let list = view.member(0, named: "statementHandles") {
            for element in view.elements(list) { if let text = view.string(element) { children.append(text) } }
        }
        self.children = children
        withExtendedLifetime(document) {}
    }

    /// The rows of this partition; nil for NULL.
    var rows: [[String?]] {
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        guard let data = view.member(0, named: "data") else { return [] }
        return view.elements(data).map { row in view.elements(row).map { view.string($0) } }
    }

    /// How many rows a statement put in, changed and took away.
    var changedRows: Int {
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        guard let stats = view.member(0, named: "stats") else { return 0 }
        var count = 0
        for name: StaticString in ["numRowsInserted", "numRowsUpdated", "numRowsDeleted"] {
            count += view.member(stats, named: name).flatMap { view.integer($0) } ?? 0
        }
        return count
    }
}
