/// Checks the events of a batch that is being built.
package enum PayloadValidation {
    /// Checks each row that is in its new state (create, update, snapshot read) and each collected event against its stream's
    /// schema. What does not pass is marked ``EventRecord/Flags/invalid`` and gets its `validationError`.
    ///
    /// Deletes, truncations and messages carry a key or nothing of the schema's: they are not checked. An update without
    /// its unchanged TOAST columns is checked without asking for what is required.
    package static func apply(to builder: inout EventBatchBuilder) {
        guard builder.streams.contains(where: { $0.validator != nil }) else { return }
        var evaluator = SchemaEvaluator()
        for index in builder.records.indices {
            let record = builder.records[index]
            switch record.operation {
            case .none, .create, .update, .read: break
            case .delete, .truncate, .message, .snapshotBegin, .snapshotEnd: continue
            }
            guard let validator = builder.streams[Int(record.stream)].validator else { continue }
            let partial = !record.unchanged.isEmpty
            let payload = builder.arena[record.payload]
            if validator.passes(payload, partial: partial, using: &evaluator) { continue }
            let report = validator.report(payload, partial: partial)
            let start = builder.arena.count
            report.render(to: &builder.arena)
            let range = ByteRange(from: start, to: builder.arena.count)
            builder.update(index) { record in
                record.validationError = range
                record.flags.insert(.invalid)
            }
        }
    }
}
