import CoreIngest

extension SnowflakeSession {
    /// Stages the changes of a write, in order.
    func stage(
        _ slices: [BatchSlice], _ mirrors: SnowflakeMirrors, _ rejections: inout [Rejection]
    ) throws(SnowflakeFailure) {
        var rows = StreamedRows()
        for (number, slice) in slices.enumerated() {
            let batch = slice.batch
            guard slice.range.contains(where: { batch.records[$0].goesToMirror }) else { continue }
            let channel = settings.isReplay ? nil : try channel(batch.source, mirrors.staging.changes)
            let source = channel?.name ?? "replay \(randomRequestID())"
            var doubts: [(sequence: String, event: EventReference)] = []
            var lastDoubt: Position?
            var writer: (stream: StreamDescriptor, writer: StagedChanges)?
            for index in slice.range {
                let record = batch.records[index]
                guard record.goesToMirror else { continue }
                let event = EventReference(slice: number, record: index)
                if let channel, !channel.needs(record.position) {
                    if channel.doubts(record.position) {
                        lastDoubt = record.position
                        if record.operation != .schemaChange, record.operation != .snapshotEnd {
                            doubts.append((SnowflakeStaging.sequence(record.position, part: 1), event))
                        }
                    }
                    continue
                }
                let stream = batch.stream(of: record)
                if writer?.stream !== stream {
                    // A shape that is new may change the mirror: everything before is on its way.
                    if let channel { try send(&rows, to: channel, mirrors, &rejections) }
                    let mirror = try mirrors.mirror(of: stream, batch.source) { () throws(SnowflakeFailure) in
                        guard let channel else { return }
                        try channel.settle(within: settings.commitTimeout)
                        mirrors.settled(channel)
                    }
                    writer = (stream, StagedChanges(mirror, source: source))
                }
                guard let problem = writer?.writer.write(record, of: batch, to: &rows.lines) else {
                    if rows.lines.count > rows.start { rows.end(event, record.position) }
                    if channel == nil, rows.count > 0 {
                        try mirrors.replay(rows.lines.bytes, as: source, upTo: record.position)
                        rows.clear()
                    }
                    if let channel, rows.lines.count >= SnowpipeStreaming.mostBytes {
                        try send(&rows, to: channel, mirrors, &rejections)
                    }
                    continue
                }
                rows.dropRow()
                guard !record.operation.isControl else { continue }
                channel?.leavesHole()
                rejections.append(
                    rejection(event, SnowflakeFailure(.data, "\(stream.qualifiedName): \(problem)")))
            }
            guard let channel else { continue }
            try send(&rows, to: channel, mirrors, &rejections)
            guard let lastDoubt else { continue }
            let missing = try mirrors.missing(of: doubts.map(\.sequence), channel.name)
            for doubt in doubts where missing.contains(doubt.sequence) {
                guard !doubt.event.record(in: slices).operation.isControl else {
                    throw SnowflakeFailure(.other, "Snowflake skipped the mark of a snapshot: take a fresh snapshot")
                }
                channel.leavesHole()
                rejections.append(
                    rejection(doubt.event, SnowflakeFailure(.data, "the change was not taken by Snowflake")))
            }
            channel.clearedDoubts(through: lastDoubt)
        }
    }

    private func send(
        _ rows: inout StreamedRows, to channel: StreamingChannel, _ mirrors: SnowflakeMirrors,
        _ rejections: inout [Rejection]
    ) throws(SnowflakeFailure) {
        mirrors.staged(bytes: rows.lines.count)
        try send(&rows, to: channel, &rejections)
    }
}

/// Writes the changes of one stream, or says of each why the stream has no mirror.
private final class StagedChanges {
    private var writer: StagedChangeWriter?
    private let refusal: String?

    init(_ mirror: Result<SnowflakeMirror, TableRefusal>, source: String) {
        switch mirror {
        case .success(let mirror):
            writer = StagedChangeWriter(mirror, source: source)
            refusal = nil
        case .failure(let error):
            writer = nil
            refusal = error.description
        }
    }

    func write(_ record: EventRecord, of batch: EventBatch, to rows: inout ByteArena) -> String? {
        guard refusal == nil else { return refusal }
        return writer?.write(record, of: batch, to: &rows)
    }
}
