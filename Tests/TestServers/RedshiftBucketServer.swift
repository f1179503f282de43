/// A bucket of moto, which checks signatures, for rows on their way into Redshift. Its database reads it by ``keys`` of its own.
package final class RedshiftBucketServer: Sendable {
    package let name = "staging"
    private let moto: MotoServer
    private let folder: TemporaryFolder

    package init() throws {
        moto = try MotoServer(buckets: [name])
        folder = try TemporaryFolder("buzbucket")
    }

    package var url: String { "http://127.0.0.1:\(moto.port)" }
    /// May do everything.
    package var keys: EmulatorKeys { moto.keys }
    /// May do nothing with S3.
    package var powerless: EmulatorKeys { moto.powerless }

    /// The keys of its objects.
    package func objects() throws -> [String] {
        let script = """
            import boto3, sys
            s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])
            for one in s3.list_objects_v2(Bucket=sys.argv[4]).get("Contents", []):
                print(one["Key"])
            """
        let output = try ChildProcess.run(
            [try Emulators.program("python"), "-c", script, url, keys.id, keys.secret, name], folder: folder)
        return output.split(separator: "\n").map(String.init)
    }

    /// The keys of a `redshift` sink's configuration, as YAML within braces.
    package var configuration: String {
        "staging: \"s3://\(name)/buz\", iamRole: \"arn:aws:iam::123456789012:role/reader\", region: us-east-1, endpoint: \"\(url)\", accessKeyId: \"\(keys.id)\", secretAccessKey: \"\(keys.secret)\""
    }
}
