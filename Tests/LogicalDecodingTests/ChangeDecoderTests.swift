import CoreIngest
import Testing

@testable import LogicalDecoding

/// Messages in, records out.
struct ChangeDecoderTests {
    static let orders = RelationInfo(
        id: 50, schema: "public", name: "orders", replicaIdentity: .primaryKey,
        columns: [
            .init(name: "id", isIdentity: true, typeOID: 20), .init(name: "no \"te\"", isIdentity: false, typeOID: 25),
            .init(name: "total", isIdentity: false, typeOID: 1700, typeModifier: (12 << 16 | 2) + 4),
        ])

    static func full(_ identity: RelationInfo.ReplicaIdentity) -> RelationInfo {
        var relation = orders
        relation.replicaIdentity = identity
        for index in relation.columns.indices { relation.columns[index].isIdentity = true }
        return relation
    }

    /// The catalog of the table above, with a comment and its key.
    static func catalog(key: [String] = ["id"]) -> Catalog {
        var tables = TableCatalog()
        for (number, column) in orders.columns.enumerated() {
            tables.load(row: [
                "50", "public", "orders", "r", "d", "What was ordered", column.name, "\(number + 1)",
                "\(column.typeOID)",
                "\(column.typeModifier)", column.typeOID == 1700 ? "numeric(12,2)" : nil, number == 0 ? "t" : "f",
                number == 2 ? "In euros" : nil, "f", key.firstIndex(of: column.name).map { "\($0)" } ?? "-1",
                number == 0 ? "t" : "f", "f", "t", "{}",
            ])
        }
        return Catalog(tables: tables)
    }

    @Test func aTransactionBecomesRecordsInOrder() throws {
        var harness = DecoderHarness()
        let begin = MessageBuilder.begin(0x1_0000_0020, time: 1_000_000)
        #expect(try harness.decode(begin) == .begin(commitLSN: LogSequenceNumber(0x1_0000_0020)))
        var isOpen = harness.decoder.isInTransaction
        #expect(isOpen)
        #expect(try harness.decode(MessageBuilder("O").uint64(9).string("north").bytes) == .other)
        #expect(try harness.decode(MessageBuilder.relation(Self.orders)) == .relation(Self.orders))
        #expect(try harness.decode(MessageBuilder.insert(50, ["1", "a\nb", "2.50"]), at: 11) == .change)
        #expect(try harness.decode(MessageBuilder.update(50, ["1", nil, "3.00"]), at: 12) == .change)
        #expect(try harness.decode(MessageBuilder.delete(50, "K", ["1", nil, nil]), at: 13) == .change)
        let commit = MessageBuilder.commit(0x1_0000_0020, end: 0x1_0000_0050)
        #expect(try harness.decode(commit) == .commit(endLSN: LogSequenceNumber(0x1_0000_0050)))
        isOpen = harness.decoder.isInTransaction
        #expect(!isOpen)

        let batch = harness.seal()
        #expect(batch.records.map(\.operation) == [.create, .update, .delete])
        #expect(batch.records.map(\.position.ordinal) == [0, 1, 2])
        #expect(batch.records.allSatisfy { $0.position.commit == 0x1_0000_0020 })
        #expect(batch.records.map(\.lsn.rawValue) == [11, 12, 13])
        #expect(batch.records.allSatisfy { $0.timestamp == Timestamp.postgresEpoch + 1_000_000 })
        #expect(batch.payload(0) == #"{"id":1,"no \"te\"":"a\nb","total":2.50}"#)
        #expect(batch.payload(1) == #"{"id":1,"no \"te\"":null,"total":3.00}"#)
        #expect(batch.payload(2) == #"{"id":1}"#)
        #expect(batch.before(2) == #"{"id":1}"#)
        #expect(batch.records[2].flags.contains(.beforeIsKeyOnly))
        #expect((0..<3).allSatisfy { batch.key($0) == #"{"id":1}"# })
        #expect(Set(batch.records.map(\.keyHash)).count == 1)
        #expect(batch.transactions.count == 1)
        #expect(batch.transactions[0].origin == "north")
        #expect(batch.transactions[0].xid == 7)
        #expect(batch.streams.count == 1)
        #expect(batch.streams[0].qualifiedName == "public.orders")
    }

    @Test func aKeyChangeCarriesTheOldKey() throws {
        var harness = DecoderHarness()
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(Self.orders))
        try harness.decode(MessageBuilder.update(50, old: ("K", ["1", nil, nil]), ["2", "x", "1.00"]))
        // Sent also where a key's value is stored out of line, though it is the same.
        try harness.decode(MessageBuilder.update(50, old: ("K", ["2", nil, nil]), [.unchanged, "x", "1.00"]))
        let batch = harness.seal()
        #expect(batch.before(0) == #"{"id":1}"#)
        #expect(batch.key(0) == #"{"id":2}"#)
        #expect(batch.records[0].flags == [.beforeIsKeyOnly, .keyChanged])
        #expect(batch.key(1) == #"{"id":2}"#)
        #expect(batch.payload(1) == #"{"id":2,"no \"te\"":"x","total":1.00}"#)
        #expect(batch.records[1].flags == [.beforeIsKeyOnly])
    }

    @Test func unchangedValuesAreAbsentAndListed() throws {
        var harness = DecoderHarness()
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(Self.orders))
        try harness.decode(MessageBuilder.update(50, ["1", .unchanged, .unchanged]))
        try harness.decode(MessageBuilder.insert(50, ["2", "x", nil]))
        let batch = harness.seal()
        #expect(batch.payload(0) == #"{"id":1}"#)
        #expect(batch.text(of: batch.records[0].unchanged) == #""no \"te\"","total""#)
        #expect(batch.records[1].unchanged.isEmpty)
    }

    @Test func underFullTheOldRowFillsWhatIsUnchanged() throws {
        var harness = DecoderHarness(catalog: Self.catalog())
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(Self.full(.full)))
        try harness.decode(MessageBuilder.update(50, old: ("O", ["1", "long", nil]), ["1", .unchanged, "5.00"]))
        try harness.decode(MessageBuilder.update(50, old: ("O", ["1", "long", nil]), ["3", .unchanged, "5.00"]))
        try harness.decode(MessageBuilder.delete(50, "O", ["3", "long", nil]))
        let batch = harness.seal()
        #expect(batch.payload(0) == #"{"id":1,"no \"te\"":"long","total":5.00}"#)
        #expect(batch.before(0) == #"{"id":1,"no \"te\"":"long","total":null}"#)
        #expect(batch.records[0].unchanged.isEmpty)
        #expect(batch.records[0].flags == [])
        #expect(batch.records[1].flags == [.keyChanged])
        #expect(batch.payload(2) == batch.before(2))
        #expect(batch.key(2) == #"{"id":3}"#)
    }

    @Test func theKeyIsThePrimaryKeyWhereEachChangeCarriesIt() throws {
        let two = Self.catalog(key: ["total", "id"])
        func key(_ relation: RelationInfo, _ catalog: Catalog) -> [Int] {
            TableShape(relation, database: "d", catalog: catalog).keyColumns
        }
        #expect(key(Self.full(.full), two) == [2, 0])
        #expect(key(Self.full(.full), Catalog()) == [])
        #expect(key(Self.orders, two) == [0], "the identity has only one of the key's columns")
        #expect(key(Self.orders, Catalog()) == [0])
        var nothing = Self.orders
        nothing.replicaIdentity = .nothing
        nothing.columns[0].isIdentity = false
        #expect(key(nothing, two) == [2, 0])
        #expect(key(nothing, Catalog()) == [])
    }

    @Test func theCatalogEnrichesTheShape() throws {
        let shape = TableShape(Self.orders, database: "d", catalog: Self.catalog())
        #expect(shape.comment == "What was ordered")
        #expect(shape.columns[2].comment == "In euros")
        #expect(shape.columns[2].sqlType == "numeric(12,2)")
        #expect(shape.columns[2].kind == .numeric(precision: 12, scale: 2))
        #expect(shape.columns.map(\.isNullable) == [false, true, true])
        let bare = TableShape(Self.orders, database: "d", catalog: Catalog())
        #expect(bare.columns.map(\.sqlType) == ["bigint", "text", "numeric(12,2)"])
        #expect(bare.columns.map(\.isNullable) == [false, true, true])
        #expect(Self.catalog().isComplete(for: Self.orders))
        #expect(!Catalog().isComplete(for: Self.orders))
    }

    @Test func truncateMakesOneEventPerTable() throws {
        var harness = DecoderHarness()
        var other = Self.orders
        other.id = 51
        other.name = "items"
        try harness.decode(MessageBuilder.relation(Self.orders))
        try harness.decode(MessageBuilder.relation(other))
        try harness.decode(MessageBuilder.begin(1))
        let truncate = MessageBuilder("T").uint32(2).uint8(3).uint32(50).uint32(51).bytes
        #expect(try harness.decode(truncate) == .change)
        let batch = harness.seal()
        #expect(batch.records.map(\.operation) == [.truncate, .truncate])
        #expect(batch.records.map { batch.stream(of: $0).table } == ["orders", "items"])
        #expect(batch.records.map(\.position.ordinal) == [0, 1])
        #expect(batch.payload(1) == "{}")
        #expect(
            batch.text(of: batch.records[0].contexts)
                == #""iglu:io.silverton.buz/truncate/jsonschema/1-0-0":{"cascade":true,"restartIdentity":true}"#)
    }

    @Test func messagesBecomeEventsInsideAndOutsideTransactions() throws {
        var harness = DecoderHarness()
        func message(_ transactional: UInt8, _ content: [UInt8]) -> [UInt8] {
            MessageBuilder("M").uint8(transactional).uint64(77).string("audit").uint32(UInt32(content.count))
                .adding(content).bytes
        }
        #expect(try harness.decode(message(0, Array("hi \"there\"".utf8))) == .change)
        try harness.decode(MessageBuilder.begin(99))
        try harness.decode(message(1, [0xFF, 0x00]))
        #expect(throws: DecodingError.self) { try harness.decode(message(0, [])) }
        try harness.decode(MessageBuilder.commit(99, end: 100))
        #expect(throws: DecodingError.self) { try harness.decode(message(1, [])) }
        let batch = harness.seal()
        #expect(batch.records.count == 2)
        #expect(batch.payload(0) == #"{"prefix":"audit","content":"hi \"there\""}"#)
        #expect(batch.records[0].position == Position(commit: 77, ordinal: 0))
        #expect(batch.records[0].timestamp == 5)
        #expect(batch.transaction(of: batch.records[0]) == nil)
        #expect(batch.payload(1) == #"{"prefix":"audit","content":"\\xff00"}"#)
        #expect(batch.records[1].position == Position(commit: 99, ordinal: 0))
        #expect(
            batch.stream(of: batch.records[1]).schema.description == "iglu:io.silverton.buz/message/jsonschema/1-0-0")
    }

    @Test func aBatchMaySealInsideATransaction() throws {
        var harness = DecoderHarness()
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(Self.orders))
        try harness.decode(MessageBuilder.insert(50, ["1", "a", nil]))
        let first = harness.seal()
        try harness.decode(MessageBuilder.insert(50, ["2", "b", nil]))
        try harness.decode(MessageBuilder.commit(1, end: 2))
        let second = harness.seal()
        #expect(second.records[0].position.ordinal == 1)
        #expect(second.transactions == first.transactions)
        #expect(second.streams[0] === first.streams[0])
        #expect(second.records[0].stream == 0)
    }

    @Test func descriptorsKeepTheirIdentityUntilTheShapeChanges() throws {
        var harness = DecoderHarness(catalog: Self.catalog())
        func stream(_ relation: RelationInfo, _ row: [MessageBuilder.Value]) throws -> StreamDescriptor {
            try harness.decode(MessageBuilder.begin(1))
            try harness.decode(MessageBuilder.relation(relation))
            try harness.decode(MessageBuilder.insert(50, row))
            try harness.decode(MessageBuilder.commit(1, end: 2))
            return harness.seal().streams[0]
        }
        let first = try stream(Self.orders, ["1", nil, nil])
        harness.decoder.reset()
        #expect(try stream(Self.orders, ["1", nil, nil]) === first)
        harness.decoder.catalog = Self.catalog()
        #expect(try stream(Self.orders, ["1", nil, nil]) === first)
        var wider = Self.orders
        wider.columns.append(.init(name: "note", isIdentity: false, typeOID: 16))
        let changed = try stream(wider, ["1", nil, nil, "t"])
        #expect(changed !== first)
        #expect(changed.columns.count == 4)
    }

    @Test func tablesThatAreLeftOutCountButWriteNothing() throws {
        var harness = DecoderHarness(
            streams: StreamCache { $0.table == "items" ? nil : DecoderHarness.descriptor($0) })
        var items = Self.orders
        items.id = 51
        items.name = "items"
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(Self.orders))
        try harness.decode(MessageBuilder.relation(items))
        #expect(try harness.decode(MessageBuilder.insert(51, ["1", nil, nil])) == .other)
        #expect(try harness.decode(MessageBuilder.insert(50, ["1", nil, nil])) == .change)
        let batch = harness.seal()
        #expect(batch.records.map(\.position.ordinal) == [1])
    }

    @Test func bytesThatAreNotUTF8AreRepairedAndFlagged() throws {
        var harness = DecoderHarness()
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(Self.orders))
        try harness.decode(MessageBuilder.insert(50, ["1", .text([0x61, 0xFF]), nil]))
        try harness.decode(MessageBuilder.insert(50, ["2", "a", nil]))
        let batch = harness.seal()
        #expect(batch.payload(0) == "{\"id\":1,\"no \\\"te\\\"\":\"a\u{FFFD}\",\"total\":null}")
        #expect(batch.records.map { $0.flags.contains(.repairedText) } == [true, false])
    }

    @Test func tablesOfNoColumnsAndOfVeryManyAreWritten() throws {
        var harness = DecoderHarness()
        let none = RelationInfo(id: 60, schema: "public", name: "none", replicaIdentity: .primaryKey, columns: [])
        let many = RelationInfo(
            id: 61, schema: "public", name: "🎉.\"many\"", replicaIdentity: .primaryKey,
            columns: (0..<1600).map { .init(name: "c\($0)", isIdentity: false, typeOID: 23) })
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(none))
        try harness.decode(MessageBuilder.relation(many))
        try harness.decode(MessageBuilder.insert(60, []))
        try harness.decode(MessageBuilder.insert(61, (0..<1600).map { .text(Array("\($0)".utf8)) }))
        let batch = harness.seal()
        #expect(batch.payload(0) == "{}")
        #expect(batch.key(0) == "")
        #expect(batch.payload(1).hasSuffix(#","c1599":1599}"#))
        #expect(JSONCheck.isValid(batch.payload(1).utf8))
    }
}
