import CoreIngest

/// `type: file`.
struct FileSinkConfiguration: SinkDestination {
    /// The folder of the output files; never empty.
    var path: String
    var format: EventFormat
    /// First part of the files' names for valid events.
    var defaultOutput: String
    /// The same for invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?
    /// Bytes after which a new file is begun within the day.
    var maxBytes: Int
    var compression: Compression

    enum Compression: String, Sendable, CaseIterable { case none, gzip, zstd }
}
