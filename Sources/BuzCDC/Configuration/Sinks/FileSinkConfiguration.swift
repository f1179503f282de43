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

    private enum Keys {
        static let path = Key<String>.text(
            "path", "Folder of the output files; its last part is made when missing.", .required, example: "./out")
        static let format = Key<EventFormat>.choice("format", "How events are written.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "First part of the files' names.", .defaulted("events"), rule: .identifier)
        static let deadletterOutput = Key<String?>.optionalText(
            "deadletterOutput",
            "First part of the names of the files that take invalid events. Without it they go to the sink's dead letters.",
            rule: .identifier, example: "invalid_events")
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Bytes after which a new file is begun; one is begun every day in any case.",
            .defaulted("1GiB"),
            in: (64 << 10)...(1 << 44))
        static let compression = Key<Compression>.choice("compression", "How files are compressed.", .defaulted("none"))
    }

    static let type = "file"
    static let doc = "Appends events to files, one event a line."
    static let examples: [String: ConfigurationLiteral] = ["name": "lake"]
    static let keys = [
        Keys.path.specification, Keys.format.specification, Keys.defaultOutput.specification,
        Keys.deadletterOutput.specification, Keys.maxBytes.specification, Keys.compression.specification,
    ]

    init(_ section: CheckedSection) {
        path = section[Keys.path]
        format = section[Keys.format]
        defaultOutput = section[Keys.defaultOutput]
        deadletterOutput = section[Keys.deadletterOutput]
        maxBytes = section[Keys.maxBytes]
        compression = section[Keys.compression]
    }

    static func targets(_ section: CheckedSection) -> [String] {
        guard var folder = section.text("path") else { return [] }
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        return ["defaultOutput", "deadletterOutput"].compactMap {
            section.text($0).map { "the files \(folder)/\($0)-*" }
        }
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
    }
}
