/// Who signs requests to AWS, or to what speaks like it. Never printed.
package struct AWSCredentials: Sendable, Equatable, CustomStringConvertible {
    package var accessKeyID: String
    package var secretAccessKey: String
    /// Of temporary credentials.
    package var sessionToken: String?
    /// Seconds since the Unix epoch; nil for those that stay.
    package var expires: Int?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expires: Int? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }

    package var description: String { "<AWS credentials>" }
}
