import Testing

@testable import CoreIngest

@Suite struct ValidationTests {
    /// A batch with one record of each of the payloads and operations, checked.
    private func checked(
        _ schema: String, _ events: [(Operation, payload: String, unchanged: String)], limit: Int = ByteRange.limit
    ) throws -> EventBatch {
        var builder = EventBatchBuilder(capacity: 64)
        let validator = try validator(schema)
        let stream = builder.index(
            of: StreamDescriptor(
                database: "shop", schemaName: "public", table: "t", columns: [], keyColumns: [],
                schema: validator.schema,
                validator: validator))
        for event in events {
            var record = EventRecord()
            record.operation = event.0
            record.stream = stream
            let start = builder.arena.count
            builder.arena.append(text: event.payload)
            record.payload = ByteRange(from: start, to: builder.arena.count)
            let end = builder.arena.count
            builder.arena.append(text: event.unchanged)
            record.unchanged = ByteRange(from: end, to: builder.arena.count)
            builder.append(record)
        }
        Validation.apply(to: &builder, limit: limit)
        return builder.seal(source: SourceIdentity(name: "s", systemIdentifier: 1), acknowledge: 0, receivedAt: 0)
    }

    @Test("new rows and collected events are checked, the rest is not")
    func operations() throws {
        let schema = #"{"required":["a"],"properties":{"a":{"type":"integer"}}}"#
        let operations: [Operation] = [
            .none, .create, .update, .read, .delete, .truncate, .message, .snapshotBegin, .snapshotEnd,
        ]
        let batch = try checked(
            schema, operations.map { ($0, "{}", "") } + [(.update, "{}", "\"a\""), (.create, "{\"a\":1}", "")])
        #expect(
            batch.records.map(\.isInvalid) == [true, true, true, true, false, false, false, false, false, false, false])
        for record in batch.records {
            #expect(record.validationError.isEmpty == !record.isInvalid)
        }
    }

    @Test("a row whose columns passed is not read again, unless another contract has come since")
    func columnsPassed() throws {
        final class Renewal: StreamRenewal {
            let next: StreamDescriptor
            init(_ next: StreamDescriptor) { self.next = next }
            func current(_ stream: StreamDescriptor) -> StreamState { .current(next) }
        }
        let schema = try validator("{}").schema
        func stream(_ validator: PayloadValidator?, _ renewal: Renewal? = nil) -> StreamDescriptor {
            StreamDescriptor(
                database: "shop", schemaName: "public", table: "t", columns: [], keyColumns: [],
                schema: schema, validator: validator, renewal: renewal)
        }
        let strict = try validator(#"{"required":["b"]}"#)
        let other = try validator(#"{"required":["a"]}"#)
        for (renewal, isInvalid) in [
            (nil, false), (stream(strict), false), (stream(other), true), (stream(nil), false),
        ] as [(StreamDescriptor?, Bool)] {
            var builder = EventBatchBuilder(capacity: 64)
            let index = builder.index(of: stream(strict, renewal.map { Renewal($0) }))
            for _ in 0..<2 {
                var record = EventRecord()
                record.operation = .create
                record.stream = index
                let start = builder.arena.count
                // It does not pass, so that a second look would show.
                builder.arena.append("{}")
                record.payload = ByteRange(from: start, to: builder.arena.count)
                record.flags = [.passed, .repairedText]
                builder.append(record)
            }
            Validation.apply(to: &builder)
            #expect(builder.records.map(\.isInvalid) == [isInvalid, isInvalid])
            #expect(builder.records.allSatisfy { $0.flags.subtracting(.invalid) == .repairedText })
        }
    }

    @Test("where an arena is full, the verdict stands without words, and a payload that is no JSON is left out")
    func fullArena() throws {
        let batch = try checked(#"{"type":"string"}"#, [(.none, "{}", ""), (.none, "{", "")], limit: 3)
        #expect(batch.records.map(\.isInvalid) == [true, true])
        #expect(batch.records.map(\.validationError.isEmpty) == [true, true])
        #expect(batch.records.map { batch.text(of: $0.payload) } == ["{}", ""])
        #expect(batch.byteCount == 3)
        for index in 0..<2 {
            try withJSON(EventFormatTests.renderer.envelope(of: index, in: batch)) { view in
                #expect(view.member(0, named: "isValid").flatMap { view.boolean($0) } == false)
            }
        }
    }

    @Test("an invalid event's envelope says why, and its payload stays as it was")
    func envelope() throws {
        let batch = try checked(#"{"properties":{"a":{"type":"integer"}}}"#, [(.create, #"{"a":"x"}"#, "")])
        let line = EventFormatTests.renderer.envelope(of: 0, in: batch)
        try withJSON(line) { view in
            #expect(view.member(0, named: "isValid").flatMap { view.boolean($0) } == false)
            let error = try #require(view.member(0, named: "validationError"))
            let errors = try #require(view.member(error, named: "errors"))
            let first = try #require(view.elements(errors).first { _ in true })
            #expect(
                view.members(first).map { view.string($0.name) } == [
                    "instancePath", "keyword", "schemaPath", "schemaLocation", "expected", "gotType", "got", "message",
                ])
            #expect(view.member(first, named: "got").flatMap { view.string($0) } == #""x""#)
            let payload = try #require(view.member(0, named: "payload"))
            #expect(String(decoding: view.text(payload), as: UTF8.self) == #"{"a":"x"}"#)
        }
    }

    @Test("a dead letter of an invalid event has the report's line and group")
    func verdict() throws {
        let batch = try checked(
            #"{"properties":{"a":{"type":"integer"},"b":{"type":"integer"}}}"#,
            [(.create, #"{"a":"x"}"#, ""), (.create, #"{"a":"y"}"#, ""), (.create, #"{"b":"x"}"#, "")])
        let verdicts = batch.records.map { SchemaVerdict(batch.text(of: $0.validationError)) }
        #expect(
            verdicts[0].message
                == "does not match iglu:com.acme/thing/jsonschema/1-0-0: /a must be integer, is string")
        #expect(verdicts[0].groupKey?.count == 16)
        #expect(verdicts[0].groupKey == verdicts[1].groupKey)
        #expect(verdicts[0].groupKey != verdicts[2].groupKey)
        #expect(SchemaVerdict("").groupKey == nil)
        #expect(SchemaVerdict("").message == "The payload breaks its schema.")
    }

    @Test("a payload that is no JSON becomes a string, so that the line can be read")
    func notJSON() throws {
        let batch = try checked("{}", [(.none, #"{"a":"#, ""), (.none, #"{"a":1}"#, "")])
        #expect(batch.records.map(\.isInvalid) == [true, false])
        for format in EventFormat.allCases {
            let rendered = batch.rendered(as: format, by: EventFormatTests.renderer)
            for index in batch.records.indices { try withJSON(Array(rendered.line(index))) { _ in } }
        }
        #expect(batch.text(of: batch.records[0].payload) == #""{\"a\":""#)
    }
}
