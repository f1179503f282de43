import Collector
import CoreIngest

/// The `http.spool` section: bounds of what waits on disk.
enum SpoolConfiguration {
    private enum Keys {
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Bytes on disk, in app.stateDir; when it is full, clients get 503 with Retry-After.",
            .defaulted("10GiB"), in: (1 << 17)...(1 << 44))
        static let maxPendingBytes = Key<Int>.byteSize(
            "maxPendingBytes", "Bytes in memory on their way to the disk; beyond it clients get 503 too.",
            .defaulted("64MiB"), in: (1 << 16)...(1 << 32))
        static let segmentBytes = Key<Int>.byteSize(
            "segmentBytes", "Bytes of one file; a file is removed when all of it is delivered.", .defaulted("64MiB"),
            in: (1 << 16)...(1 << 30))
    }

    static let specification = SectionSpecification(
        "Events between the client's answer and the sinks, on disk.",
        [Keys.maxBytes.specification, Keys.maxPendingBytes.specification, Keys.segmentBytes.specification])

    static func read(_ section: CheckedSection) -> SpoolSettings {
        var settings = SpoolSettings()
        settings.maxBytes = section[Keys.maxBytes]
        settings.maxPendingBytes = section[Keys.maxPendingBytes]
        settings.segmentBytes = section[Keys.segmentBytes]
        return settings
    }
}
