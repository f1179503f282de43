package import CoreIngest
package import HTTPClient

/// Writes events to Snowflake: into one table by Snowpipe Streaming, or as mirrors of their tables. See docs/sinks/snowflake.md.
///
/// How far a channel has come is stored by Snowflake together with its rows, so after a crash or a lost answer every event is there
/// once: what comes again is left out here.
package final class SnowflakeSink: MeteredSink, HistoryFollowingSink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: SnowflakeSinkSettings
    private let renderer: EventRenderer
    private let account: SnowflakeAccount
    private let counted: SnowflakeUsage
    private var session: SnowflakeSession?
    /// Histories that continue another one.
    private var followed: [SourceIdentity: Predecessor] = [:]

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }
    package var usage: [UsageFigure] { counted.figures }
    private var place: String { "snowflake sink \(settings.name)" }

    package init(
        _ settings: SnowflakeSinkSettings, renderer: EventRenderer, client: HTTPClient, metrics: MetricsRegistry? = nil
    ) {
        self.settings = settings
        self.renderer = renderer
        account = SnowflakeAccount(settings.account, client: client)
        counted = SnowflakeUsage(sink: settings.name, metrics: metrics)
    }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        session?.stop()
        session = nil
        do throws(SnowflakeFailure) {
            session = try SnowflakeSession(settings, account, counted, renderer, followed: followed)
        } catch {
            throw error.sinkFailure(at: place, reopen: true)
        }
        // A channel is opened with its source's first event, and tells then what is there already.
        return [:]
    }

    package func follow(_ source: SourceIdentity, _ predecessor: Predecessor) {
        followed[source] = predecessor
        session?.followed[source] = predecessor
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        guard let session else { return .failed(SinkFailure(.unavailable, "\(place): it is not open", reopen: true)) }
        do throws(SnowflakeFailure) {
            let rejections = try session.write(slices)
            return rejections.isEmpty ? .delivered : .rejected(rejections)
        } catch {
            return .failed(error.sinkFailure(at: place, reopen: session.isBroken))
        }
    }

    package func flush() async throws(SinkFailure) {
        guard let session else { throw SinkFailure(.unavailable, "\(place): it is not open", reopen: true) }
        do throws(SnowflakeFailure) {
            try session.flush()
        } catch {
            throw error.sinkFailure(at: place, reopen: true)
        }
    }

    package func close() async {
        session?.close()
        session = nil
        account.close()
    }
}
