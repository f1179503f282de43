import Testing

@testable import CoreIngest

@Suite struct SchemaHistoryTests {
    private static let one = TableSignature(
        columns: [.init(name: "a", isNullable: true, family: "text", sizes: [], labels: [])], key: ["a"])
    private static let two = TableSignature(
        columns: one.columns + [
            .init(name: "b \"", isNullable: false, family: "enum", sizes: [], labels: ["x"], number: 3, sqlType: "mood")
        ], key: ["a"])

    private func at(_ commit: UInt64, _ ordinal: UInt64 = 0) -> Position { Position(commit: commit, ordinal: ordinal) }

    @Test("a replay of the same events gets the same announcements, and events in between none")
    func replay() {
        var history = SchemaHistory(name: "t")
        let first = history.version(of: Self.one)
        let second = history.version(of: Self.two)
        /// Version by position, as the stream has it.
        let stream: [(SchemaVersion, Position)] = [
            (first, at(100)), (second, at(100, 7)), (second, at(200)), (first, at(300, 2)), (second, at(300, 5)),
        ]
        func run(from start: Int) -> [Position] {
            stream[start...].compactMap { version, position in
                history.observe(version, at: position, of: "1/0", isSnapshot: false).map { move in
                    #expect(move.to == version && move.position == position)
                    return position
                }
            }
        }
        #expect(run(from: 0) == [at(100, 7), at(300, 2), at(300, 5)])
        #expect(run(from: 0) == [at(100, 7), at(300, 2), at(300, 5)])
        #expect(run(from: 2) == [at(300, 2), at(300, 5)])
        #expect(run(from: 4) == [at(300, 5)])
        #expect(SchemaHistory(history.bytes) == history)
    }

    private func isAccepted(_ version: SchemaVersion, _ history: inout SchemaHistory, _ policy: SchemaPolicy) -> Bool {
        history.refusal(of: version, by: policy) == nil
    }

    @Test("what the policy refuses stays refused over restarts, and what was accepted once stays accepted")
    func acceptance() throws {
        let strict = SchemaPolicy(addition: .pause, revision: .deadLetter, model: .pause)
        var history = SchemaHistory(name: "t")
        let first = history.version(of: Self.one)
        #expect(isAccepted(first, &history, strict))
        let second = history.version(of: Self.two)
        for _ in 1...2 {
            let refusal = history.refusal(of: second, by: strict)
            #expect(refusal?.from == first && refusal?.change == SchemaDifference.between(Self.one, Self.two).change)
            // As after kill -9: nothing but the bytes is left.
            history = try #require(SchemaHistory(history.bytes))
            #expect(history.version(of: Self.two) == second)
        }
        #expect(isAccepted(first, &history, strict))
        var allowed = history
        #expect(isAccepted(second, &allowed, SchemaPolicy()))
        #expect(isAccepted(second, &allowed, strict))
        var approved = history
        let unknown = SchemaVersion(model: 9, revision: 0, addition: 0)
        let answers = [approved.approve(second), approved.approve(unknown)]
        #expect(answers == [true, false])
        approved = try #require(SchemaHistory(approved.bytes))
        #expect(isAccepted(second, &approved, strict))
        // What an earlier release remembered was delivered by it.
        let old = String(decoding: history.bytes, as: UTF8.self).replacing(",\"held\":true", with: "")
        var upgraded = try #require(SchemaHistory(Array(old.utf8)))
        #expect(isAccepted(second, &upgraded, strict))
    }

    @Test("the first shape of a table is not announced, and neither is one that another server's history begins with")
    func beginnings() {
        var history = SchemaHistory(name: "t")
        #expect(history.observe(.first, at: at(5), of: "1/0", isSnapshot: true) == nil)
        let next = SchemaVersion(model: 1, revision: 0, addition: 1)
        #expect(history.observe(next, at: at(9), of: "1/0", isSnapshot: false) != nil)
        #expect(history.observe(next, at: at(1), of: "2/0", isSnapshot: false) == nil)
        #expect(history.observe(.first, at: at(2), of: "2/0", isSnapshot: false)?.from == next)
    }

    @Test("a snapshot that starts over announces again, until the table changes in the stream")
    func snapshots() {
        var history = SchemaHistory(name: "t")
        let next = SchemaVersion(model: 1, revision: 0, addition: 1)
        _ = history.observe(.first, at: at(5), of: "1/0", isSnapshot: false)
        #expect(history.observe(next, at: at(9), of: "1/0", isSnapshot: true)?.position == at(9))
        #expect(history.observe(next, at: at(19), of: "1/0", isSnapshot: true)?.position == at(19))
        #expect(history.observe(next, at: at(20), of: "1/0", isSnapshot: false) == nil)
        #expect(history.observe(.first, at: at(21), of: "1/0", isSnapshot: false) != nil)
        #expect(history.observe(.first, at: at(30), of: "1/0", isSnapshot: true) == nil)
    }

    @Test("what is remembered is bounded")
    func bounds() {
        var history = SchemaHistory(name: "t")
        let versions = [SchemaVersion.first, SchemaVersion(model: 2, revision: 0, addition: 0)]
        for index in 0..<1000 {
            let move = history.observe(versions[index % 2], at: at(UInt64(index + 1)), of: "1/0", isSnapshot: false)
            #expect((move == nil) == (index == 0))
        }
        #expect(history.moves.count == SchemaHistory.mostMoves)
    }

    @Test("a memory of before, without keys and moves, is read; nothing else is taken for one")
    func oldText() throws {
        let text = """
            {"name":"t","versions":[{"version":"1-0-0","columns":[{"name":"a","nullable":true,"family":"text","sizes":[],"labels":[]}]}]}
            """
        var history = try #require(SchemaHistory(Array(text.utf8)))
        #expect(history.version(of: Self.one) == .first)
        #expect(history.entries.count == 1 && history.entries[0].signature.key == ["a"])
        #expect(SchemaHistory(Array("{}".utf8)) == nil && SchemaHistory([]) == nil)
    }
}

@Suite struct SchemaHistoryRuleTests {
    private static func column(_ rules: [ColumnRules.Rule]) -> TableSignature {
        var column = StreamDescriptor.Column(name: "a", sqlType: "text", kind: .string(maxLength: nil))
        for rule in rules { _ = column.rules.add(rule) }
        return TableSignature(columns: [column], keyColumns: [])
    }

    @Test("a constraint makes another version, and is remembered")
    func remembered() throws {
        var history = SchemaHistory(name: "t")
        let free = Self.column([])
        let bound = Self.column([.lengthAtMost(5), .pattern("^\"a"), .oneOf([#""a""#])])
        #expect(history.version(of: free).description == "1-0-0")
        #expect(history.version(of: bound).description == "1-1-0")
        var again = try #require(SchemaHistory(history.bytes))
        #expect(again == history)
        #expect(again.version(of: bound).description == "1-1-0" && again.version(of: free).description == "1-0-0")
        #expect(again == history)
    }

    @Test("a memory that says nothing of constraints takes those that it meets first for its own")
    func unknown() throws {
        let text = """
            {"name":"t","versions":[{"version":"1-0-0","columns":[{"name":"a","nullable":true,"family":"string","sizes":[1000000000],"labels":[]}],"key":[]}]}
            """
        var history = try #require(SchemaHistory(Array(text.utf8)))
        #expect(history.version(of: Self.column([.oneOf([#""a""#]), .lengthAtLeast(1)])).description == "1-0-0")
        #expect(history.entries[0].signature.columns[0].labels == ["a"])
        #expect(history.version(of: Self.column([.lengthAtLeast(1)])).description == "1-0-1")
    }
}

@Suite struct PositionTests {
    @Test("an announcement lies between the event before and its own, and survives being stored as two numbers")
    func announcements() {
        let events = [(7, UInt64.max / 4), (8, 0), (8, 1), (8, 2), (16, 0)].map { Position(commit: $0, ordinal: $1) }
        let all = events.flatMap { [Position.before($0), $0] }
        #expect(all == all.sorted() && Set(all).count == all.count)
        for event in events {
            let before = Position.before(event)
            #expect(before.number == event.ordinal && before.eventCommit == event.commit && before.isAnnouncement)
            #expect(Position(commit: before.commit, ordinal: before.ordinal) == before)
            #expect(event.predecessor == before && before.predecessor < before && !event.isAnnouncement)
        }
        #expect("\(Position.before(events[2])) \(events[2])" == "0/8<1 0/8+1")
        #expect(Position.start.predecessor == .start)
    }
}
