package import CoreIngest
import Glibc
package import HTTPClient

/// What a `bigquery` sink is told.
package struct BigQuerySinkSettings: Sendable {
    package enum Mode: String, Sendable { case events, mirror }

    /// The way in which events are written; a mirror always uses ``storage``.
    package enum Write: String, Sendable {
        /// Storage Write API, default stream.
        case storage
        /// Storage Write API, streams of the sink's own with offsets: exactly once.
        case committed
        /// `tabledata.insertAll`
        case insertAll
        /// Load jobs, one for each flush and table.
        case load
    }

    package enum Partition: String, Sendable { case hour, day, month, none }

    /// The sink's name in the configuration.
    package var name: String
    package var project: String
    package var dataset: String
    package var credentials: GoogleCredentialSource
    package var mode: Mode = .events
    package var write: Write = .storage
    package var format: EventFormat = .envelope
    /// Table of the events; in a mirror only of those that belong to no table.
    package var defaultOutput = "events"
    /// Table of invalid events; nil: the lane keeps them.
    package var deadletterOutput: String?
    /// How the events table is cut, by the time at which events were taken in.
    package var partition: Partition = .day
    /// After how long a partition of events goes; nil: never.
    package var partitionExpiration: Duration?
    /// Columns that the events table is sorted by, at most four.
    package var clusterBy = ["table_name", "op"]
    /// How old data of a mirror may be that a query sees.
    package var maxStaleness: Duration = .zero
    /// Of the REST API: scheme and host.
    package var endpoint = "https://bigquery.googleapis.com"
    /// Of the Storage Write API: scheme and host.
    package var storageEndpoint = "https://bigquerystorage.googleapis.com"
    /// How long one request may take.
    package var requestTimeout: Duration = .seconds(60)
    package var proxy: HTTPClient.Proxy = .environment
    /// What of the process's environment decides about credentials.
    package var environment: GoogleEnvironment
    var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Waits between two looks at a job.
    var pause: @Sendable (Duration) -> Void = { duration in
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
    /// Where ``Write/committed`` writes down what it appends; nil where the sink is only looked at.
    package var state: StateStore?
    /// For dead letters that are written again, perhaps beside a running instance.
    package var isReplay = false

    package init(
        name: String, project: String, dataset: String, credentials: GoogleCredentialSource,
        environment: GoogleEnvironment
    ) {
        self.name = name
        self.project = project
        self.dataset = dataset
        self.credentials = credentials
        self.environment = environment
    }

    static let scope = "https://www.googleapis.com/auth/bigquery"

    var http: HTTPClient.Settings {
        var settings = HTTPClient.Settings()
        settings.proxy = proxy
        return settings
    }

    var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.connect = min(requestTimeout, .seconds(10))
        limits.total = requestTimeout
        limits.responseBytes = 64 << 20
        return limits
    }

    var access: BigQueryAccess {
        BigQueryAccess(
            credentials: GoogleCredentials(
                credentials, scope: Self.scope, client: HTTPClient(http), environment: environment))
    }

    /// Where the sink is, for messages.
    var place: String { "bigquery sink \(name)" }
}
