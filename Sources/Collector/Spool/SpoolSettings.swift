/// Bounds of the spool, and how it is made durable.
package struct SpoolSettings: Sendable {
    /// Bytes on disk, in whole files, and on their way there. When they are reached, requests get 503. Up to two delivered files
    /// are kept within it, to be written over.
    package var maxBytes = 10 << 30
    /// Bytes on their way to the disk: what clients send faster than it writes.
    package var maxPendingBytes = 64 << 20
    /// A file of the spool is closed when it has so many bytes.
    package var segmentBytes = 64 << 20
    /// Whether each group of events is synced before it counts as written. If not, files are synced once a second.
    package var syncsEachGroup = true

    package init() {}
}
