import CoreIngest
import HTTPClient

/// The keys of what signs requests to AWS, or to what speaks like it.
enum AWSKeys {
    static let region = Key<String?>.optionalText(
        "region", "The bucket's region. Without it AWS_REGION or AWS_DEFAULT_REGION counts, else us-east-1.",
        rule: .identifier, example: "eu-central-1")
    private static let accessKeyID = Key<String?>.optionalText(
        "accessKeyId",
        "The access key that signs. Without it credentials come from the environment, a web identity, the shared credentials file, the container or the machine's role.",
        example: "${AWS_ACCESS_KEY_ID:-}")
    private static let secretAccessKey = Key<String?>.optionalText(
        "secretAccessKey", "The secret that belongs to it.", secrecy: .whole,
        example: "${AWS_SECRET_ACCESS_KEY:-}")
    private static let sessionToken = Key<String?>.optionalText(
        "sessionToken", "The session token of temporary credentials.", secrecy: .whole,
        example: "${AWS_SESSION_TOKEN:-}")

    static let credentials = [
        accessKeyID.specification, secretAccessKey.specification, sessionToken.specification,
    ]

    /// The given ones; nil to look for them where AWS's tools do.
    static func credentials(_ section: CheckedSection) -> AWSCredentials? {
        guard let id = section[accessKeyID], let secret = section[secretAccessKey] else { return nil }
        return AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: section[sessionToken])
    }

    /// The configured region, else the environment's.
    static func region(_ configured: String?) -> String { configured ?? AWSEnvironment.region() ?? "us-east-1" }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        let names = ["accessKeyId", "secretAccessKey"]
        let given = names.filter { section.value($0) != nil || section.failed.contains($0) }
        if let one = given.first, given.count == 1, let value = section.value(one) {
            checker.report(value.position, "accessKeyId and secretAccessKey belong together; give both or none")
        }
    }
}
