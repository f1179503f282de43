import CoreIngest
import Sinks

/// Makes what `verify` reads the mirrors of a sink by.
enum MirrorFactory {
    /// Connects to a sink's destination; nil where the sink keeps no mirrors. Blocks, within the sink's own time limits.
    static func mirror(_ sink: SinkConfiguration) throws(ParityError) -> (any ParityMirror)? {
        guard isMirror(sink) else { return nil }
        switch sink.destination {
        case let postgres as PostgresSinkConfiguration:
            return try PostgresParityMirror(SinkFactory.settings(postgres, name: sink.name))
        case let sqlite as SQLiteSinkConfiguration:
            return ReadMirror(try SQLiteMirrorReader(SinkFactory.settings(sqlite, name: sink.name)))
        case let duckDB as DuckDBSinkConfiguration:
            let settings = SinkFactory.settings(duckDB, name: sink.name)
            do throws(DuckDBFailure) {
                return ReadMirror(DuckDBMirrorReader(settings, library: try DuckDBLibrary.load(duckDB.library)))
            } catch {
                throw ParityError("\(error)")
            }
        case let mysql as MySQLSinkConfiguration:
            return ReadMirror(try MySQLMirrorReader(SinkFactory.settings(mysql, name: sink.name)))
        case let redshift as RedshiftSinkConfiguration:
            return ReadMirror(try RedshiftMirrorReader(SinkFactory.settings(redshift, name: sink.name)))
        case let clickHouse as ClickHouseSinkConfiguration:
            return ReadMirror(ClickHouseMirrorReader(SinkFactory.settings(clickHouse, name: sink.name)))
        case let bigquery as BigQuerySinkConfiguration:
            return ReadMirror(try BigQueryMirrorReader(SinkFactory.settings(bigquery, name: sink.name)))
        case let snowflake as SnowflakeSinkConfiguration:
            return ReadMirror(
                SnowflakeMirrorReader(SinkFactory.settings(snowflake, name: sink.name), client: snowflake.client))
        case let materialize as MaterializeSinkConfiguration:
            return ReadMirror(try MaterializeMirrorReader(SinkFactory.settings(materialize, name: sink.name)))
        default: return nil
        }
    }

    /// Whether a sink keeps mirrors.
    static func isMirror(_ sink: SinkConfiguration) -> Bool {
        switch sink.destination {
        case let database as any DatabaseDestination: database.outputs.mode == .mirror
        case let bigquery as BigQuerySinkConfiguration: bigquery.mode == .mirror
        case let snowflake as SnowflakeSinkConfiguration: snowflake.mode == .mirror
        default: false
        }
    }
}
