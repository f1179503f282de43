/// The one place where intake checks payloads: called by ``Pipeline`` on the source's thread, before a batch is sealed.
///
/// Checked are rows in their new state (create, update, snapshot read) and collected events, each against the schema of its
/// stream. Deletes, truncations and messages carry a key, or nothing of the schema's. An update without its unchanged TOAST
/// columns is checked without asking for what is required. What its source has judged already is left as it is, rows that passed by
/// their columns (``RowProgram``) among it, and where the registry does not say what to check against, the event gets
/// ``EventRecord/Flags/schemaUnavailable``. Every event of a stream that is held gets ``EventRecord/Flags/schemaHeld``, deletes too: a row
/// must not come back by a replay.
package enum Validation {
    /// Sets the verdict on every record of the builder: what does not pass gets ``EventRecord/Flags/invalid`` and its
    /// `validationError`. A payload that is no JSON becomes a JSON string of its bytes, so that its line can be read.
    ///
    /// Where the arena would grow beyond `limit`, the verdict stays without words, and such a payload is left out.
    package static func apply(
        to builder: inout EventBatchBuilder, reporting: SchemaReporting = SchemaReporting(),
        limit: Int = ByteRange.limit
    ) {
        let unavailable = builder.renewStreams()
        guard !unavailable.isEmpty || builder.streams.contains(where: { $0.validator != nil || $0.hold != nil }) else {
            return
        }
        var evaluator = SchemaEvaluator()
        for index in builder.records.indices {
            let record = builder.records[index]
            let isPassed = record.flags.contains(.passed)
            if isPassed { builder.update(index) { $0.flags.remove(.passed) } }
            if !record.operation.isControl, let hold = builder.streams[Int(record.stream)].hold {
                builder.setAside(index, .schemaHeld, expected: "a schema that is approved", hold.message, limit)
                continue
            }
            switch record.operation {
            case .none, .create, .update, .read: break
            case .delete, .truncate, .message, .schemaChange, .snapshotBegin, .snapshotEnd: continue
            }
            if !record.flags.isDisjoint(with: [.invalid, .schemaUnavailable]) { continue }
            if let error = unavailable[record.stream] {
                builder.setAside(
                    index, .schemaUnavailable, expected: "an answer of the schema registry",
                    "the schema could not be had: \(error.message)", limit)
                continue
            }
            guard !isPassed, let validator = builder.streams[Int(record.stream)].validator else { continue }
            let partial = !record.unchanged.isEmpty
            let payload = builder.arena[record.payload]
            if validator.passes(payload, partial: partial, using: &evaluator) { continue }
            let report = validator.report(payload, partial: partial, reporting: reporting)
            var text = record.payload
            if report.isNotJSON { text = quote(record.payload, in: &builder, limit) }
            let start = builder.arena.count
            report.render(to: &builder.arena)
            let range = written(from: start, in: &builder, limit)
            builder.update(index) { record in
                record.payload = text
                record.validationError = range
                record.flags.insert(.invalid)
            }
        }
    }

    private static func quote(_ payload: ByteRange, in builder: inout EventBatchBuilder, _ limit: Int) -> ByteRange {
        // The arena may move while it grows.
        let copy = Array(builder.arena[payload])
        let start = builder.arena.count
        _ = copy.withUnsafeBytes { builder.arena.appendJSONString(repairing: $0) }
        return written(from: start, in: &builder, limit)
    }

    /// What was written last; none, and taken back, where it passes the limit.
    private static func written(from start: Int, in builder: inout EventBatchBuilder, _ limit: Int) -> ByteRange {
        if builder.arena.count <= limit { return ByteRange(from: start, to: builder.arena.count) }
        builder.arena.truncate(to: start)
        return .none
    }
}

extension EventBatchBuilder {
    /// An event that is not judged, for the sake of its schema.
    fileprivate mutating func setAside(
        _ index: Int, _ flag: EventRecord.Flags, expected: String, _ message: String, _ limit: Int
    ) {
        let schema = streams[Int(records[index].stream)].schema.description
        let report = SchemaReport(
            schema: schema,
            failures: [
                SchemaFailure(
                    keyword: "schema", expected: expected, gotType: "none", message: message)
            ])
        let start = arena.count
        report.render(to: &arena)
        var range = ByteRange.none
        if arena.count <= limit { range = ByteRange(from: start, to: arena.count) } else { arena.truncate(to: start) }
        update(index) { record in
            record.validationError = range
            record.flags.insert([.invalid, flag])
        }
    }
}
