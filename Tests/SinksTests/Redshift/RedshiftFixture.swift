import CoreIngest
import HTTPClient
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// A server of a test's own, and sinks that write to it.
struct RedshiftFixture {
    let server: RedshiftServer
    let orders = ordersStream()

    /// Where all rows go by; nil: by none.
    let bucket: RedshiftBucketServer?

    init(bucket: RedshiftBucketServer? = nil) throws {
        self.bucket = bucket
        server = try RedshiftServer(bucket: bucket)
    }

    func settings(_ mode: RedshiftSinkSettings.Mode = .mirror, invalid: String? = nil) -> RedshiftSinkSettings {
        var settings = RedshiftSinkSettings(
            name: "copy", url: server.url, mode: mode, deadletterOutput: invalid, connectTimeout: .seconds(5),
            statementTimeout: .seconds(20))
        settings.staging = bucket.map { staging(at: $0.url, $0.keys, bucket: $0.name) }
        return settings
    }

    /// All rows go by a bucket, few ones too.
    func staging(
        at url: String, _ keys: EmulatorKeys, bucket: String = "staging",
        role: RedshiftStaging.Role = .named("arn:aws:iam::123456789012:role/reader")
    ) -> RedshiftStaging {
        staging(at: url, bucket: bucket, role: role) {
            ["AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret][$0]
        }
    }

    func staging(
        at url: String, bucket: String = "staging",
        role: RedshiftStaging.Role = .named("arn:aws:iam::123456789012:role/reader"),
        variable: @escaping @Sendable (String) -> String?
    ) -> RedshiftStaging {
        var direct = HTTPClient.Settings()
        direct.proxy = .none
        let client = HTTPClient(direct)
        let source = AWSCredentialSource(
            given: nil, environment: AWSEnvironment(region: "us-east-1", client: client, variable: variable))
        var staging = RedshiftStaging(
            bucket: S3Settings(bucket: bucket, region: "us-east-1", endpoint: url), prefix: "buz/rows", role: role,
            credentials: source, client: client)
        staging.leastBytes = 0
        return staging
    }

    func sink(_ mode: RedshiftSinkSettings.Mode = .mirror, invalid: String? = nil) -> RedshiftSink {
        RedshiftSink(settings(mode, invalid: invalid), renderer: SampleEvents.renderer)
    }

    func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
        StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: columns.enumerated().map { .init(name: $1.0, sqlType: "", kind: $1.1, isKey: key.contains($0)) },
            keyColumns: key, schema: orders.schema, validator: nil)
    }
}
