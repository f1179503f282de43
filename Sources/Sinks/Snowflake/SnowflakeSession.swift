import CoreIngest

/// From one opening of the sink to the next: its channels, and what was found out about its tables.
final class SnowflakeSession {
    let settings: SnowflakeSinkSettings
    private let renderer: EventRenderer
    let statements: SnowflakeStatements
    private let streaming: SnowpipeStreaming
    private let events: SnowflakeEventTable
    private let invalidEvents: SnowflakeEventTable?
    private var channels: [ChannelKey: StreamingChannel] = [:]
    /// Histories that continue another one.
    var followed: [SourceIdentity: Predecessor]
    /// Nil without mirrors.
    private let mirrors: SnowflakeMirrors?
    /// Tables of events that are known to be there.
    private var prepared: Set<String> = []
    var place: String { "snowflake sink \(settings.name)" }

    private struct ChannelKey: Hashable {
        var source: SourceIdentity
        var table: String
    }

    /// Signs in, and makes the tables that are missing.
    init(
        _ settings: SnowflakeSinkSettings, _ account: SnowflakeAccount, _ usage: SnowflakeUsage,
        _ renderer: EventRenderer, followed: [SourceIdentity: Predecessor]
    ) throws(SnowflakeFailure) {
        self.settings = settings
        self.followed = followed
        self.renderer = renderer
        let schema = settings.session.schema
        statements = SnowflakeStatements(account, settings.session, usage: usage)
        streaming = SnowpipeStreaming(
            account, database: settings.session.database, schema: schema, usage: usage)
        events = SnowflakeEventTable(
            table: SnowflakeTable(schema: schema, name: settings.defaultOutput), format: settings.format)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map {
            SnowflakeEventTable(table: SnowflakeTable(schema: schema, name: $0), format: .envelope)
        }
        mirrors =
            settings.mode == .mirror
            ? try SnowflakeMirrors(settings, account, usage, statements, streaming) : nil
        if mirrors == nil {
            try prepare(events)
            if let invalidEvents { try prepare(invalidEvents) }
        }
        if !settings.isReplay { try streaming.connect() }
    }

    private func prepare(_ table: SnowflakeEventTable) throws(SnowflakeFailure) {
        guard prepared.insert(table.table.name).inserted else { return }
        try table.prepare(statements)
    }

    /// Merges what is staged, and ends the thread that does. Nothing is written afterwards.
    func close() { mirrors?.close() }

    /// Ends without a merge: another session takes over.
    func stop() { mirrors?.stop() }

    /// A channel is of no use any more.
    var isBroken: Bool { channels.values.contains { $0.isBroken } }

    func write(_ slices: [BatchSlice]) throws(SnowflakeFailure) -> [Rejection] {
        // What the last write refused is in the lane's dead letters by now.
        for channel in channels.values { channel.holesAreKnown() }
        var rejections: [Rejection] = []
        if let mirrors {
            try stage(slices, mirrors, &rejections)
            try append(slices, to: events, &rejections) { record in
                !record.goesToMirror && (!record.isInvalid || self.invalidEvents == nil)
            }
        } else {
            try append(slices, to: events, &rejections) { record in !record.isInvalid || self.invalidEvents == nil }
        }
        if let invalidEvents { try append(slices, to: invalidEvents, &rejections) { $0.isInvalid } }
        return rejections
    }

    /// Returns when all that was appended is in the tables.
    func flush() throws(SnowflakeFailure) {
        for channel in channels.values {
            channel.holesAreKnown()
            try channel.settle(within: settings.commitTimeout)
        }
        guard let mirrors else { return }
        for (key, channel) in channels where key.table == mirrors.staging.changes.name { mirrors.settled(channel) }
        if let failure = mirrors.merger.failure { throw failure }
    }

    func channel(_ source: SourceIdentity, _ table: SnowflakeTable) throws(SnowflakeFailure) -> StreamingChannel {
        let key = ChannelKey(source: source, table: table.name)
        if let known = channels[key] { return known }
        let channel = try StreamingChannel(
            Self.channelName(sink: settings.name, source), of: table.name, streaming, place: place)
        if channel.isNew { try begin(channel, source, table) }
        channels[key] = channel
        return channel
    }

    /// A history's first channel to a table begins behind what the history that it continues brought there.
    private func begin(
        _ channel: StreamingChannel, _ source: SourceIdentity, _ table: SnowflakeTable
    ) throws(SnowflakeFailure) {
        if let before = followed[source] {
            let earlier = try self.channel(before.identity, table)
            try earlier.settle(within: settings.commitTimeout)
            channel.begin(behind: before.inherited(earlier.verified))
            if table.name == mirrors?.staging.changes.name { mirrors?.settled(earlier) }
        }
        // Changes of two histories have no order among them: what was staged before is merged before.
        if table.name == mirrors?.staging.changes.name, let failure = mirrors?.merger.run() { throw failure }
    }

    /// The same for one history of one source for ever. Channels have no case, names of inputs do: a sum keeps them apart.
    static func channelName(sink: String, _ source: SourceIdentity) -> String {
        var text = ByteArena(capacity: 128)
        text.append(text: "BUZ_\(sink)_\(source.name)_\(source.systemIdentifier)_")
        text.append(hex: source.generation, digits: 16)
        text.append("_")
        var sum: UInt32 = 0x811C_9DC5
        for byte in "\(sink)/\(source.name)".utf8 { sum = (sum ^ UInt32(byte)) &* 0x0100_0193 }
        text.append(hex: UInt64(sum), digits: 8)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    // MARK: Events

    private func append(
        _ slices: [BatchSlice], to table: SnowflakeEventTable, _ rejections: inout [Rejection],
        _ takes: (EventRecord) -> Bool
    ) throws(SnowflakeFailure) {
        var rows = StreamedRows()
        var doubts: [(id: String, event: EventReference, position: Position)] = []
        for (number, slice) in slices.enumerated() {
            let batch = slice.batch
            guard slice.range.contains(where: { takes(batch.records[$0]) && !batch.records[$0].operation.isControl })
            else { continue }
            try prepare(table)
            let rendered = batch.rendered(as: table.format, by: renderer)
            let channel = settings.isReplay ? nil : try channel(batch.source, table.table)
            for index in slice.range {
                let record = batch.records[index]
                guard !record.operation.isControl, takes(record) else { continue }
                let event = EventReference(slice: number, record: index)
                if let channel, !channel.needs(record.position) {
                    if channel.doubts(record.position) { doubts.append((Self.id(of: record), event, record.position)) }
                    continue
                }
                table.write(record, of: batch, rendered.line(index), to: &rows.lines)
                if rows.lines.count - rows.start > SnowpipeStreaming.mostRowBytes {
                    let size = rows.lines.count - rows.start
                    rows.dropRow()
                    channel?.leavesHole()
                    rejections.append(
                        rejection(
                            event,
                            SnowflakeFailure(.tooLarge, "an event of \(size) bytes is larger than Snowflake takes")))
                    continue
                }
                rows.end(event, record.position)
                guard let channel else {
                    try table.insert(rows.lines.bytes, id: Self.id(of: record), statements)
                    rows.clear()
                    continue
                }
                if rows.lines.count >= SnowpipeStreaming.mostBytes { try send(&rows, to: channel, &rejections) }
            }
            if let channel {
                try send(&rows, to: channel, &rejections)
                try findMissing(doubts, in: table, channel, &rejections)
            }
            doubts.removeAll(keepingCapacity: true)
        }
    }

    func send(
        _ rows: inout StreamedRows, to channel: StreamingChannel, _ rejections: inout [Rejection]
    ) throws(SnowflakeFailure) {
        var refused: [Rejection] = []
        defer { rejections += refused }
        try rows.send(to: channel) { event, failure in refused.append(self.rejection(event, failure)) }
    }

    /// Finds out which of some events Snowflake skipped, and refuses them.
    private func findMissing(
        _ doubts: [(id: String, event: EventReference, position: Position)], in table: SnowflakeEventTable,
        _ channel: StreamingChannel, _ rejections: inout [Rejection]
    ) throws(SnowflakeFailure) {
        guard let last = doubts.last else { return }
        let missing = try table.missing(of: doubts.map(\.id), statements)
        for doubt in doubts where missing.contains(doubt.id) {
            channel.leavesHole()
            let reason = channel.lastErrorKind.isEmpty ? "" : " (\(channel.lastErrorKind))"
            rejections.append(
                rejection(
                    doubt.event,
                    SnowflakeFailure(.data, "Snowflake skipped the row, as it does not fit \(table.table)\(reason)")))
        }
        channel.clearedDoubts(through: last.position)
    }

    private static func id(of record: EventRecord) -> String {
        var text = ByteArena(capacity: 36)
        text.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    func rejection(_ event: EventReference, _ failure: SnowflakeFailure) -> Rejection {
        Rejection(
            slice: Int(event.slice), record: Int(event.record), failure: failure.sinkFailure(at: place, reopen: false))
    }
}
