import CoreIngest

/// What a session in mirror mode has besides: the staging table, the mirrors' shapes, and who merges.
final class SnowflakeMirrors {
    let staging: SnowflakeStaging
    let merger: SnowflakeMerger
    private let catalog: SnowflakeCatalog
    private let settings: SnowflakeSinkSettings
    private let statements: SnowflakeStatements
    /// Bytes staged since the last commit.
    private var bytes = 0

    init(
        _ settings: SnowflakeSinkSettings, _ account: SnowflakeAccount, _ usage: SnowflakeUsage,
        _ statements: SnowflakeStatements, _ streaming: SnowpipeStreaming
    ) throws(SnowflakeFailure) {
        self.settings = settings
        self.statements = statements
        let schema = settings.session.schema
        staging = SnowflakeStaging(schema: schema, sink: settings.name)
        let own = [staging.changes.name, staging.merged.name, settings.defaultOutput, settings.deadletterOutput]
        catalog = SnowflakeCatalog(
            statements, schema: schema, reserved: Set(own.compactMap { $0 }),
            TableOrigins(settings.state, sink: settings.name))
        merger = SnowflakeMerger(account, settings.session, staging, settings.merge, usage, name: settings.name)
        try staging.prepare(statements)
        guard !settings.isReplay else { return }
        // What an earlier session staged and did not merge, up to where nothing is missing of it.
        let left = try statements.run("SELECT DISTINCT SOURCE FROM \(staging.changes.sql)", usesWarehouse: true).rows
        let names = left.compactMap { $0.first.flatMap { $0 } }.filter { $0.hasPrefix("BUZ_\(settings.name)_") }
        if !names.isEmpty {
            for (name, status) in try streaming.status(of: names, of: staging.changes.name) {
                guard let token = status.committed.flatMap({ OffsetToken($0) }) else { continue }
                let isWhole = status.errors <= token.errors && !token.hasHoles
                merger.staged(name, upTo: isWhole ? token.position : token.verified, bytes: 0)
            }
        }
        merger.start()
    }

    /// The mirror of a stream; a refusal where Snowflake cannot have it.
    func mirror(
        of stream: StreamDescriptor, _ source: SourceIdentity, settle: () throws(SnowflakeFailure) -> Void
    ) throws(SnowflakeFailure) -> Result<SnowflakeMirror, TableRefusal> {
        let merger = merger
        return try catalog.mirror(of: stream, source: source) { () throws(SnowflakeFailure) in
            try settle()
            if let failure = merger.run() { throw failure }
        }
    }

    func staged(bytes count: Int) { bytes += count }

    /// All that was appended to a staging channel is committed.
    func settled(_ channel: StreamingChannel) {
        guard channel.hasNews else { return }
        merger.staged(channel.name, upTo: channel.verified, bytes: bytes)
        bytes = 0
        channel.newsAreTold()
    }

    func stop() { merger.stop() }

    func close() {
        merger.stop()
        if merger.hasWork, !settings.isReplay { _ = merger.run() }
    }

    /// Of some staged changes of a source, those that are not in the staging table.
    func missing(of sequences: [String], _ source: String) throws(SnowflakeFailure) -> Set<String> {
        var missing = Set(sequences)
        var rest = sequences[...]
        while !rest.isEmpty {
            let list = rest.prefix(1000).map(snowflakeLiteral).joined(separator: ",")
            rest = rest.dropFirst(1000)
            let found = try statements.run(
                "SELECT SEQ FROM \(staging.changes.sql) WHERE SOURCE = \(snowflakeLiteral(source)) AND SEQ IN (\(list))",
                usesWarehouse: true)
            for row in found.rows { if let id = row.first.flatMap({ $0 }) { missing.remove(id) } }
        }
        return missing
    }

    /// Stages one change by SQL under a source of its own and merges it: for dead letters that are written again.
    func replay(_ lines: UnsafeRawBufferPointer, as source: String, upTo position: Position) throws(SnowflakeFailure) {
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            try statements.run(
                """
                INSERT INTO \(staging.changes.sql) (SOURCE, SEQ, TARGET, KEY_COLUMNS, OP, CELLS, OLD_KEY)
                SELECT r:SOURCE::VARCHAR, r:SEQ::VARCHAR, r:TARGET::VARCHAR, r:KEY_COLUMNS::VARCHAR, r:OP::VARCHAR, r:CELLS, r:OLD_KEY
                FROM (SELECT PARSE_JSON(?) AS r)
                """, bindings: [String(decoding: UnsafeRawBufferPointer(rebasing: line), as: UTF8.self)],
                usesWarehouse: true)
        }
        merger.staged(source, upTo: position, bytes: 0)
        if let failure = merger.run() { throw failure }
    }
}
