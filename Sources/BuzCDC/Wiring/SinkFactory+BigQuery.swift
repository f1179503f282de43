import CoreIngest
import HTTPClient
import Sinks

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension SinkFactory {
    static func settings(_ bigquery: BigQuerySinkConfiguration, name: String) -> BigQuerySinkSettings {
        let environment = GoogleEnvironment(now: { time(nil) }) { getenv($0).map { String(cString: $0) } }
        var settings = BigQuerySinkSettings(
            name: name, project: bigquery.project, dataset: bigquery.dataset, credentials: bigquery.credentials,
            environment: environment)
        settings.mode = .init(rawValue: bigquery.mode.rawValue) ?? .events
        settings.write = .init(rawValue: bigquery.write.rawValue) ?? .storage
        settings.maxStaleness = bigquery.maxStaleness
        settings.format = bigquery.format
        settings.defaultOutput = bigquery.defaultOutput
        settings.deadletterOutput = bigquery.deadletterOutput
        settings.partition = .init(rawValue: bigquery.partition.rawValue) ?? .day
        settings.partitionExpiration = bigquery.partitionExpiration == .zero ? nil : bigquery.partitionExpiration
        settings.clusterBy = bigquery.clusterBy
        settings.endpoint = withoutSlash(bigquery.endpoint)
        settings.storageEndpoint = withoutSlash(bigquery.storageEndpoint)
        settings.requestTimeout = bigquery.requestTimeout
        return settings
    }

    private static func withoutSlash(_ url: String) -> String {
        var url = Substring(url)
        while url.hasSuffix("/") { url = url.dropLast() }
        return String(url)
    }
}
