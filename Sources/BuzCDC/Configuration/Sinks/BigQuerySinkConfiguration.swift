import CoreIngest
import HTTPClient

/// `type: bigquery`.
struct BigQuerySinkConfiguration: SinkDestination {
    var project: String
    var dataset: String
    var credentials: GoogleCredentialSource
    var mode: Mode
    /// Of the events in ``defaultOutput``.
    var format: EventFormat
    /// Table of valid events.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?
    var partition: Partition
    var write: Write
    /// Of mirrors; zero: queries see everything.
    var maxStaleness: Duration
    /// Zero: never.
    var partitionExpiration: Duration
    var clusterBy: [String]
    var endpoint: String
    var storageEndpoint: String
    var requestTimeout: Duration

    enum Mode: String, Sendable, CaseIterable { case events, mirror }
    enum Write: String, Sendable, CaseIterable { case storage, committed, insertAll, load }
    enum Partition: String, Sendable, CaseIterable { case hour, day, month, none }

    private enum Keys {
        static let project = Key<String>.text(
            "project", "The project that the dataset belongs to, by its id.", .required, example: "acme-shop")
        static let dataset = Key<String>.text(
            "dataset", "The dataset; it must be there.", .required, rule: .identifier, example: "shop")
        static let mode = Key<Mode>.choice(
            "mode", "Append events to a table, or keep tables that equal the source's.", .defaulted("events"))
        static let write = Key<Write>.choice(
            "write",
            "How events come into their tables: by the Storage Write API, at least once or, as `committed`, exactly once; by tabledata.insertAll; or by a load job for each flush. A mirror takes the first.",
            .defaulted("storage"))
        static let maxStaleness = Key<Duration>.duration(
            "maxStaleness",
            "How old the rows of a mirror may be that a query sees. Queries are cheaper and faster with it; 0s: they see everything.",
            .defaulted("0s"), in: .zero...(.seconds(86_400)))
        static let format = Key<EventFormat>.choice(
            "format", "How the events in the events table are written.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "Table of the events; in a mirror only of those that belong to no table.",
            .defaulted("events"), rule: .identifier)
        static let deadletterOutput = Key<String?>.optionalText(
            "deadletterOutput", "Table that takes invalid events. Without it they go to the sink's dead letters.",
            rule: .identifier, example: "invalid_events")
        static let partition = Key<Partition>.choice(
            "partition", "How the tables of events are cut, by the time at which events were taken in.",
            .defaulted("day"))
        static let partitionExpiration = Key<Duration>.duration(
            "partitionExpiration", "After how long a partition of events goes; 0s: never.", .defaulted("0s"),
            in: .zero...(.seconds(86_400 * 3650)))
        static let clusterBy = Key<[String]>.texts(
            "clusterBy", "Columns that the tables of events are sorted by, at most four.",
            .defaulted(["table_name", "op"]), rule: .identifier)
        static let endpoint = Key<String>.text(
            "endpoint", "The REST API: another address for a private endpoint or an emulator.",
            .defaulted("https://bigquery.googleapis.com"))
        static let storageEndpoint = Key<String>.text(
            "storageEndpoint", "The same for the Storage Write API.",
            .defaulted("https://bigquerystorage.googleapis.com"))
        static let requestTimeout = Key<Duration>.duration(
            "requestTimeout", "How long one request may take before it is tried again.", .defaulted("60s"),
            in: .seconds(1)...(.seconds(600)))
    }

    static let type = "bigquery"
    static let doc = "Writes into a BigQuery dataset."
    static let examples: [String: ConfigurationLiteral] = ["name": "warehouse", "deliveryRequired": "false"]
    static let keys =
        [Keys.project.specification, Keys.dataset.specification] + GoogleCredentialKeys.keys + [
            Keys.mode.specification, Keys.write.specification, Keys.maxStaleness.specification,
            Keys.format.specification, Keys.defaultOutput.specification, Keys.deadletterOutput.specification,
            Keys.partition.specification, Keys.partitionExpiration.specification, Keys.clusterBy.specification,
            Keys.endpoint.specification, Keys.storageEndpoint.specification, Keys.requestTimeout.specification,
        ]

    init(_ section: CheckedSection) {
        project = section[Keys.project]
        dataset = section[Keys.dataset]
        credentials = GoogleCredentialKeys.source(section)
        mode = section[Keys.mode]
        write = section[Keys.write]
        maxStaleness = section[Keys.maxStaleness]
        format = section[Keys.format]
        defaultOutput = section[Keys.defaultOutput]
        deadletterOutput = section[Keys.deadletterOutput]
        partition = section[Keys.partition]
        partitionExpiration = section[Keys.partitionExpiration]
        clusterBy = section[Keys.clusterBy]
        endpoint = section[Keys.endpoint]
        storageEndpoint = section[Keys.storageEndpoint]
        requestTimeout = section[Keys.requestTimeout]
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
        if section.text("mode") == "mirror", let write = section.text("write"), write != "storage",
            let value = section.value("write")
        {
            checker.report(value.position, "a mirror is written by the Storage Write API: leave 'write' out")
        }
    }
}
