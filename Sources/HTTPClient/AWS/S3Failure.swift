/// What an answer of S3 says of a failure: `<Error><Code>…</Code><Message>…</Message></Error>`. Source: Amazon S3 API Reference,
/// "Error responses".
package struct S3Failure: Sendable {
    package let code: String
    package let status: Int
    private let region: String?

    package init(_ response: HTTPResponse) {
        status = response.status
        code = XMLText.value(of: "Code", in: response.body).map { OneLine.of($0, most: 60) } ?? ""
        region = (response.headers["x-amz-bucket-region"] ?? XMLText.value(of: "Region", in: response.body))
            .map { OneLine.of($0, most: 60) }
    }

    /// Whether other credentials may help.
    package var isOfCredentials: Bool {
        switch code {
        case "ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "InvalidClientTokenId", "TokenRefreshRequired": true
        default: false
        }
    }

    /// What is wrong and what to do, to stand after the bucket's description. Without the server's own words, which repeat keys and
    /// what was signed. `permissions`: those that the credentials need.
    package func message(permissions: String) -> String {
        "answers with status \(status)" + (code.isEmpty ? "" : ", \(code)") + ": \(advice(permissions))"
    }

    private func advice(_ permissions: String) -> String {
        switch code {
        case "SignatureDoesNotMatch": "the secret access key does not belong to the access key; check both"
        case "InvalidAccessKeyId", "InvalidClientTokenId": "the access key is not known there; check it"
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            "the temporary credentials are over or not whole; get new ones, with their session token"
        case "NoSuchBucket": "there is no such bucket; check its name, the region and the endpoint"
        case "RequestTimeTooSkewed": "the clock of this machine is too far from the server's; set it by NTP"
        case "AccessDenied", "AllAccessDisabled": "the credentials lack a permission: \(permissions)"
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
            "the bucket is in \(region.map { "the region \($0)" } ?? "another region"); set 'region'"
        default:
            switch status {
            case 401, 403: "check the credentials and their permissions"
            case 429, 500...: "it is asked again"
            default: "check the endpoint"
            }
        }
    }
}
