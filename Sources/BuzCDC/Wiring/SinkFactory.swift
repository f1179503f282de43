import CoreIngest
import Sinks

/// Makes sinks and lane settings of the configuration's entries.
struct SinkFactory {
    let renderer: EventRenderer
    /// The sinks are for dead letters that are written again, perhaps beside a running instance.
    var isReplay = false
    /// Where sinks count what they use beyond what every lane counts.
    var metrics: MetricsRegistry?
    /// Where sinks keep what must outlive the process; nil where they are only looked at.
    var state: StateStore?

    /// Throws a line about a value that the configuration's grammar allows and the sink does not.
    func sink(_ configuration: SinkConfiguration) throws(CommandFailure) -> any Sink {
        let name = configuration.name
        switch configuration.destination {
        case let stdout as StdoutSinkConfiguration:
            let settings = StdoutSink.Settings(
                format: stdout.format, style: .init(rawValue: stdout.style.rawValue) ?? .auto,
                color: .init(rawValue: stdout.color.rawValue) ?? .auto)
            return StdoutSink(name: name, settings: settings, renderer: renderer)
        case let file as FileSinkConfiguration:
            let settings = FileSink.Settings(
                directory: file.path, defaultOutput: try output(file.defaultOutput, "defaultOutput", name),
                deadletterOutput: try file.deadletterOutput.map { text throws(CommandFailure) in
                    try output(text, "deadletterOutput", name)
                }, format: file.format, compression: .init(rawValue: file.compression.rawValue) ?? .none,
                maxFileBytes: file.maxBytes)
            return FileSink(name: name, settings: settings, renderer: renderer)
        case is BlackholeSinkConfiguration:
            return BlackholeSink(name: name, settings: BlackholeSink.Settings(render: true), renderer: renderer)
        case let postgres as PostgresSinkConfiguration:
            var settings = Self.settings(postgres, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return PostgresSink(settings, renderer: renderer)
        case let sqlite as SQLiteSinkConfiguration:
            var settings = Self.settings(sqlite, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return SQLiteSink(settings, renderer: renderer)
        case let duckDB as DuckDBSinkConfiguration:
            var settings = Self.settings(duckDB, name: name)
            settings.isReplay = isReplay
            settings.state = state
            do throws(DuckDBFailure) {
                return DuckDBSink(settings, library: try DuckDBLibrary.load(duckDB.library), renderer: renderer)
            } catch {
                throw .usage("sinks: duckdb sink \(name): \(error)")
            }
        case let bigquery as BigQuerySinkConfiguration:
            var settings = Self.settings(bigquery, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return BigQuerySink(settings, renderer: renderer)
        case let snowflake as SnowflakeSinkConfiguration:
            var settings = Self.settings(snowflake, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return SnowflakeSink(settings, renderer: renderer, client: snowflake.client, metrics: metrics)
        case let mysql as MySQLSinkConfiguration:
            var settings = Self.settings(mysql, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return MySQLSink(settings, renderer: renderer)
        case let redshift as RedshiftSinkConfiguration:
            var settings = Self.settings(redshift, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return RedshiftSink(settings, renderer: renderer)
        case let clickHouse as ClickHouseSinkConfiguration:
            var settings = Self.settings(clickHouse, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return ClickHouseSink(settings, renderer: renderer)
        case let materialize as MaterializeSinkConfiguration:
            var settings = Self.settings(materialize, name: name)
            settings.isReplay = isReplay
            settings.state = state
            return MaterializeSink(settings, renderer: renderer)
        default:
            throw .usage("the sink \(name) has a type that this build does not have")
        }
    }

    static func settings(_ postgres: PostgresSinkConfiguration, name: String) -> PostgresSinkSettings {
        PostgresSinkSettings(
            name: name, url: postgres.url, mode: .init(rawValue: postgres.outputs.mode.rawValue) ?? .events,
            format: postgres.outputs.format, schema: postgres.schema, defaultOutput: postgres.outputs.defaultOutput,
            deadletterOutput: postgres.outputs.deadletterOutput, positionsSchema: postgres.positionsSchema,
            connectTimeout: postgres.connectTimeout, statementTimeout: postgres.statementTimeout)
    }

    static func settings(_ redshift: RedshiftSinkConfiguration, name: String) -> RedshiftSinkSettings {
        var settings = RedshiftSinkSettings(
            name: name, url: redshift.url, mode: .init(rawValue: redshift.outputs.mode.rawValue) ?? .events,
            format: redshift.outputs.format, schema: redshift.schema, defaultOutput: redshift.outputs.defaultOutput,
            deadletterOutput: redshift.outputs.deadletterOutput, positionsSchema: redshift.positionsSchema,
            connectTimeout: redshift.connectTimeout, statementTimeout: redshift.statementTimeout)
        settings.staging = redshift.staging
        return settings
    }

    static func settings(_ mysql: MySQLSinkConfiguration, name: String) -> MySQLSinkSettings {
        MySQLSinkSettings(
            name: name, url: mysql.url, tls: .init(rawValue: mysql.tls.rawValue) ?? .verify, caFile: mysql.caFile,
            mode: .init(rawValue: mysql.outputs.mode.rawValue) ?? .events, format: mysql.outputs.format,
            defaultOutput: mysql.outputs.defaultOutput, deadletterOutput: mysql.outputs.deadletterOutput,
            connectTimeout: mysql.connectTimeout, statementTimeout: mysql.statementTimeout)
    }

    static func settings(_ sqlite: SQLiteSinkConfiguration, name: String) -> SQLiteSinkSettings {
        SQLiteSinkSettings(
            name: name, path: sqlite.path, mode: .init(rawValue: sqlite.outputs.mode.rawValue) ?? .events,
            format: sqlite.outputs.format, defaultOutput: sqlite.outputs.defaultOutput,
            deadletterOutput: sqlite.outputs.deadletterOutput)
    }

    static func settings(_ duckDB: DuckDBSinkConfiguration, name: String) -> DuckDBSinkSettings {
        var settings = DuckDBSinkSettings(
            name: name, path: duckDB.path, mode: .init(rawValue: duckDB.outputs.mode.rawValue) ?? .events)
        settings.format = duckDB.outputs.format
        settings.defaultOutput = duckDB.outputs.defaultOutput
        settings.deadletterOutput = duckDB.outputs.deadletterOutput
        settings.memoryLimit = duckDB.memoryLimit
        settings.timeout = duckDB.timeout
        return settings
    }

    static func settings(_ snowflake: SnowflakeSinkConfiguration, name: String) -> SnowflakeSinkSettings {
        let identity: SnowflakeIdentity =
            switch snowflake.credentials {
            case .keyPair(let file, let passphrase): .keyPair(file: file, passphrase: passphrase)
            case .oauth(let file): .oauth(file: file)
            case .programmatic(let file): .programmatic(file: file)
            }
        var settings = SnowflakeSinkSettings(
            name: name,
            account: .init(
                account: snowflake.account, url: snowflake.url, user: snowflake.user, identity: identity),
            session: StatementSettings(
                database: snowflake.database, schema: snowflake.schema, warehouse: snowflake.warehouse,
                role: snowflake.role, timeout: snowflake.statementTimeout),
            mode: .init(rawValue: snowflake.mode.rawValue) ?? .events)
        settings.format = snowflake.format
        settings.defaultOutput = snowflake.defaultOutput
        settings.deadletterOutput = snowflake.deadletterOutput
        settings.commitTimeout = snowflake.commitTimeout
        settings.merge.interval = snowflake.mergeInterval
        settings.merge.maxBytes = snowflake.mergeMaxBytes
        return settings
    }

    static func settings(_ clickHouse: ClickHouseSinkConfiguration, name: String) -> ClickHouseSinkSettings {
        var settings = ClickHouseSinkSettings(
            name: name, url: clickHouse.url, user: clickHouse.user, password: clickHouse.password,
            database: clickHouse.database, mode: .init(rawValue: clickHouse.outputs.mode.rawValue) ?? .events,
            format: clickHouse.outputs.format, defaultOutput: clickHouse.outputs.defaultOutput,
            deadletterOutput: clickHouse.outputs.deadletterOutput)
        settings.isCompressed = clickHouse.compression == .zstd
        settings.connectTimeout = clickHouse.connectTimeout
        settings.timeout = clickHouse.timeout
        return settings
    }

    static func settings(_ materialize: MaterializeSinkConfiguration, name: String) -> MaterializeSinkSettings {
        var settings = MaterializeSinkSettings(
            name: name, url: materialize.url, mode: .init(rawValue: materialize.outputs.mode.rawValue) ?? .events)
        settings.cluster = materialize.cluster
        settings.format = materialize.outputs.format
        settings.schema = materialize.schema
        settings.defaultOutput = materialize.outputs.defaultOutput
        settings.deadletterOutput = materialize.outputs.deadletterOutput
        settings.positionsSchema = materialize.positionsSchema
        settings.makesIndexes = materialize.indexes
        settings.compactAfter = materialize.compactAfter
        settings.connectTimeout = materialize.connectTimeout
        settings.statementTimeout = materialize.statementTimeout
        return settings
    }

    private func output(_ text: String, _ key: String, _ sink: String) throws(CommandFailure) -> OutputName {
        guard let output = OutputName(text) else {
            throw .usage(
                "sinks: \(key) of \(sink) is '\(text)': use letters, digits, '-', '_' and '.', not beginning with a dot"
            )
        }
        return output
    }

    static func laneSettings(_ configuration: SinkConfiguration) -> LaneSettings {
        var settings = LaneSettings()
        settings.deliveryRequired = configuration.deliveryRequired
        settings.batchEvents = configuration.batch.maxEvents
        settings.batchBytes = configuration.batch.maxBytes
        settings.linger = configuration.batch.linger
        settings.queueBytes = configuration.queue.maxBytes
        settings.queueBatches = configuration.queue.maxBatches
        settings.flushInterval = configuration.flush.interval
        settings.flushBytes = configuration.flush.maxBytes
        settings.retry = RetryPolicy(first: configuration.retry.initial, cap: configuration.retry.max)
        settings.parkAfter = configuration.park.after
        settings.park.maxBytes = configuration.park.maxBytes
        switch configuration.park.whenFull {
        case .deadletter: settings.park.whenFull = .deadletter
        case .discard: settings.park.whenFull = .discard
        }
        settings.deadLetterBytes = configuration.deadLettersMaxBytes
        return settings
    }
}
