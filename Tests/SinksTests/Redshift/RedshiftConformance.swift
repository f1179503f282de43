import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

extension RedshiftFixture {
    /// The suite that every sink passes, but for events that are larger than Redshift's texts.
    func conformance(_ mode: RedshiftSinkSettings.Mode) async throws {
        func event(_ text: some StringProtocol) -> RecordedEvent {
            var batches = TestBatch()
            var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
            event.payload = String(text)
            return event
        }
        func short(_ recorded: RecordedEvent) throws -> (id: Int, event: RecordedEvent) {
            let document = try JSONDocument(recorded.payload)
            defer { withExtendedLifetime(document) {} }
            let view = document.view
            let id = try #require(view.member(0, named: "id").flatMap { view.integer($0) })
            let note = view.member(0, named: "note").flatMap { view.string($0) } ?? ""
            var hex = ByteArena(capacity: 64)
            for byte in note.utf8 { hex.append(hex: UInt64(byte), digits: 2) }
            return (id, event("\(id) \(String(decoding: hex.bytes, as: UTF8.self))"))
        }
        func note(_ text: String) -> String { "encode(convert_to(coalesce(\(text), ''), 'SQL_ASCII'), 'hex')" }
        let question =
            mode == .events
            ? "SELECT (envelope::json->'payload'->>'id') || ' ' || \(note("envelope::json->'payload'->>'note'")) FROM events ORDER BY commit_lsn, ordinal"
            : "SELECT id || ' ' || \(note("note")) FROM items ORDER BY id"
        var suite = SinkConformance(
            make: { sink(mode) },
            read: { ((try? server.sql(question)) ?? "").split(separator: "\n").map(event) },
            keeps: { events in
                let short = events.compactMap { try? short($0) }
                if mode == .events { return short.map(\.event) }
                var last: [Int: RecordedEvent] = [:]
                for one in short { last[one.id] = one.event }
                return last.sorted { $0.key < $1.key }.map(\.value)
            }, interrupt: { try server.interrupt() })
        try await suite.keepsOrder()
        // The marks of a snapshot empty a mirror.
        if mode == .events { try await suite.takesEmptySlicesAndControlMarks() }
        // Large events are dead letters: see below.
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
        #expect(server.errors.isEmpty, "\(server.errors)")
    }
}
