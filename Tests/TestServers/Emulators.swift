import Glibc

/// Servers from PyPI that speak as cloud services do, each started on a free loopback port.
package enum Emulators {
    /// The folder of the programs: of `scripts/install.sh test`. Nil where they are not installed.
    package static let programs: String? = {
        // Where it is said, it must be there: only a run without scripts/test.sh may skip.
        if let said = getenv("BUZ_EMULATORS") { return "\(String(cString: said))/bin" }
        let home =
            getenv("XDG_CACHE_HOME").map { String(cString: $0) }
            ?? "\(getenv("HOME").map { String(cString: $0) } ?? "")/.cache"
        return ["/var/cache", home].map { "\($0)/buz-cdc/emulators/bin" }.first {
            access("\($0)/python", X_OK) == 0
        }
    }()

    package static let areInstalled = programs != nil

    static func program(_ name: String) throws -> String {
        guard let programs else { throw ChildProcess.Failure(description: "no emulators are installed") }
        return "\(programs)/\(name)"
    }

    /// Starts one and waits until it listens.
    static func start(
        _ arguments: [String], port: Int, environment: [String: String] = [:], folder: TemporaryFolder
    ) throws -> ChildProcess {
        let process = try ChildProcess(arguments, environment: environment, folder: folder)
        try eventually("\(arguments[0]) does not answer: \(process.errors.suffix(2000))") {
            httpGet(port: port, "/") != nil
        }
        return process
    }
}

/// Keys of an emulator's user.
package struct EmulatorKeys: Sendable {
    package var id: String
    package var secret: String

    package init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }
}

/// moto: services of AWS. Where it checks signatures it refuses keys, and prefixes of lists, that need escaping, also from Amazon's own
/// client; requests without a signature break it then.
package final class MotoServer: Sendable {
    package let port: Int
    /// May do everything.
    package let keys: EmulatorKeys
    /// May do nothing with S3.
    package let powerless: EmulatorKeys
    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// `buckets`: made there.
    package init(buckets: [String], checksSignatures: Bool = true) throws {
        let folder = try TemporaryFolder("buzmoto")
        let port = try freePort()
        let python = try Emulators.program("python")
        self.folder = folder
        self.port = port
        process = try Emulators.start(
            [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "\(port)"], port: port, folder: folder)
        let script = """
            import boto3, json, sys, urllib.request
            url = "http://127.0.0.1:\(port)"
            def client(name):
                return boto3.client(name, endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
            iam = client("iam")
            for bucket in sys.argv[1:]:
                client("s3").create_bucket(Bucket=bucket)
            def policy(action):
                return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
            for user, action in (("all", "*"), ("none", "sqs:*")):
                iam.create_user(UserName=user)
                iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy(action))
                key = iam.create_access_key(UserName=user)["AccessKey"]
                print(key["AccessKeyId"], key["SecretAccessKey"])
            if \(checksSignatures ? "True" : "False"):
                reset = urllib.request.Request(url + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
                urllib.request.urlopen(reset).read()
            """
        let words = try ChildProcess.run([python, "-c", script] + buckets, folder: folder)
            .split { $0.isWhitespace }.map(String.init)
        guard words.count == 4 else { throw ChildProcess.Failure(description: "moto gives no keys: \(words.count)") }
        keys = EmulatorKeys(id: words[0], secret: words[1])
        powerless = EmulatorKeys(id: words[2], secret: words[3])
    }

    deinit { process.stop(SIGKILL) }
}

/// nanio: S3 with its signatures, also of keys that need escaping. It knows no `If-None-Match` of writes.
package final class NanioServer: Sendable {
    package let port: Int
    package let keys = EmulatorKeys(id: "nanio-key", secret: "nanio/secret+with=signs")
    private let process: ChildProcess
    private let folder: TemporaryFolder

    package init(buckets: [String]) throws {
        let folder = try TemporaryFolder("buznanio")
        let port = try freePort()
        self.folder = folder
        self.port = port
        mkdir("\(folder.path)/data", 0o755)
        process = try Emulators.start(
            [
                try Emulators.program("nanio"), "serve", "--data-dir", "\(folder.path)/data", "--host", "127.0.0.1",
                "--port", "\(port)",
            ],
            port: port, environment: ["NANIO_ACCESS_KEY": keys.id, "NANIO_SECRET_KEY": keys.secret], folder: folder)
        let script = """
            import boto3, sys
            s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:\(port)", region_name="us-east-1", aws_access_key_id="\(keys.id)", aws_secret_access_key="\(keys.secret)")
            for bucket in sys.argv[1:]:
                s3.create_bucket(Bucket=bucket)
            """
        _ = try ChildProcess.run([try Emulators.program("python"), "-c", script] + buckets, folder: folder)
    }

    deinit { process.stop(SIGKILL) }
}

/// gcp-storage-emulator: Cloud Storage's JSON API, without preconditions and without tokens.
package final class GCSEmulator: Sendable {
    package let port: Int
    private let process: ChildProcess
    private let folder: TemporaryFolder

    package init(bucket: String) throws {
        let folder = try TemporaryFolder("buzgcs")
        let port = try freePort()
        self.folder = folder
        self.port = port
        process = try Emulators.start(
            [
                try Emulators.program("gcp-storage-emulator"), "start", "--host=127.0.0.1", "--port=\(port)",
                "--in-memory", "--default-bucket=\(bucket)",
            ], port: port, folder: folder)
    }

    deinit { process.stop(SIGKILL) }
}
