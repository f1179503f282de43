package import CoreIngest
import Synchronization

/// Takes every event and keeps none: to measure what comes before a sink, and to try a configuration.
package final class BlackholeSink: Sink {
    package struct Settings: Sendable {
        /// Render the events as other sinks would have to, and throw the text away.
        package var render: Bool
        package var format: EventFormat
        /// Swallow events that failed validation too, instead of leaving them to the lane's dead letters.
        package var takesInvalidEvents: Bool

        package init(render: Bool = false, format: EventFormat = .envelope, takesInvalidEvents: Bool = true) {
            self.render = render
            self.format = format
            self.takesInvalidEvents = takesInvalidEvents
        }
    }

    package let name: String
    package let settings: Settings
    private let renderer: EventRenderer
    private let eventCount = Atomic<Int>(0)
    private let byteCount = Atomic<Int>(0)
    private let writeCount = Atomic<Int>(0)

    package init(name: String, settings: Settings = Settings(), renderer: EventRenderer) {
        self.name = name
        self.settings = settings
        self.renderer = renderer
    }

    package var takesInvalidEvents: Bool { settings.takesInvalidEvents }

    /// Events taken so far; control marks are not events.
    package var events: Int { eventCount.load(ordering: .relaxed) }
    /// Bytes of rendered lines so far; 0 without ``Settings/render``.
    package var bytes: Int { byteCount.load(ordering: .relaxed) }
    /// Calls of ``write(_:)`` so far.
    package var writes: Int { writeCount.load(ordering: .relaxed) }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] { [:] }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        var count = 0
        var size = 0
        for slice in slices {
            for record in slice.batch.records[slice.range] where !record.operation.isControl { count += 1 }
            if settings.render {
                size += slice.batch.rendered(as: settings.format, by: renderer).lines(slice.range).count
            }
        }
        eventCount.add(count, ordering: .relaxed)
        byteCount.add(size, ordering: .relaxed)
        writeCount.add(1, ordering: .relaxed)
        return .delivered
    }

    package func flush() async throws(SinkFailure) {}

    package func close() async {}
}
