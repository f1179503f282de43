import CoreIngest
import Testing

@testable import Sinks

@Suite("Names at a destination")
struct NameRulesTests {
    private let narrow = NameRules(
        "Narrow", quote: "`", folding: .ascii, mostBytes: 20, mostColumns: 4,
        isAllowed: { $0.value > 0 && $0.value < 0x10000 })

    private func stream(_ columns: [String]) -> StreamDescriptor {
        StreamDescriptor(
            database: "", schemaName: "public", table: "t",
            columns: columns.map { .init(name: $0, sqlType: "text", kind: .text) }, keyColumns: [0],
            schema: ordersStream().schema, validator: nil)
    }

    @Test(
        "are quoted, kept where they can be, and otherwise changed the same way each time",
        arguments: [
            ("select", "`select`"), ("a`b", "`a``b`"), ("x😀\u{0}y", "`x__y`"), ("äöü äöü", "`äöü äöü`"),
            ("a name that is far too long", "`a name that_a2e794a3`"), ("ääääääääääääääääääää", "`äääää_4f046e25`"),
        ])
    func quoting(name: String, expected: String) { #expect(narrow.quoted(name) == expected) }

    @Test("Two that are one to the destination are refused, and both are named")
    func collisions() throws {
        try narrow.check(stream(["a", "b"]), more: 2)
        #expect(throws: TableRefusal.self) { try narrow.check(stream(["a", "b"]), more: 3) }
        for pair in [["Name", "name"], ["x😀", "x🎉"]] {
            do throws(TableRefusal) {
                try narrow.check(stream(pair), more: 0)
                Issue.record("\(pair) were taken")
            } catch {
                #expect(error.description.contains(pair[0]) && error.description.contains(pair[1]))
            }
        }
        // The same to a reader, other bytes: two columns.
        try narrow.check(stream(["e\u{301}", "\u{e9}"]), more: 0)
        #expect(narrow.free(["_buz_op"], beside: stream(["_BUZ_OP", "_buz_op_"])) == ["_buz_op__"])
    }
}

@Suite("Steps from one shape of a table to another")
struct TableDefinitionTests {
    private func definition(_ columns: [(String, StreamDescriptor.Kind)], key: [Int]) -> TableDefinition<SQLiteType> {
        TableDefinition(
            StreamDescriptor(
                database: "", schemaName: "public", table: "t",
                columns: columns.map { .init(name: $0.0, sqlType: "", kind: $0.1) }, keyColumns: key,
                schema: ordersStream().schema, validator: nil), SQLiteTypes.self)
    }

    @Test func stepsAndRefusals() throws {
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        func steps(_ wanted: TableDefinition<SQLiteType>, _ present: [PresentColumn]?) throws(TableRefusal)
            -> [TableStep]
        {
            try wanted.steps(from: present, .sqlite, table: "t") { $0.fit($1) }
        }
        let both = definition([id, ("n", .text)], key: [0])
        let key = PresentColumn(name: "ID", type: "INTEGER", isKey: true)
        #expect(try steps(both, nil) == [.create])
        #expect(try steps(both, [key]) == [.add(column: 1)])
        #expect(try steps(both, [key, PresentColumn(name: "n", type: "TEXT", isKey: false)]) == [])
        // Columns that the source does not have (any more) stay.
        #expect(
            try steps(
                both, [key, .init(name: "n", type: "INTEGER", isKey: false), .init(name: "x", type: "", isKey: false)])
                == [.change(column: 1, from: "INTEGER")])
        let rekeyed = definition([id, ("n", .text)], key: [0, 1])
        #expect(try steps(rekeyed, [key, .init(name: "n", type: "TEXT", isKey: false)]) == [.rekey])
        #expect(throws: TableRefusal.self) { try steps(rekeyed, [key]) }
        #expect(throws: TableRefusal.self) { try steps(both, [.init(name: "id", type: "TEXT", isKey: true)]) }
    }
}
