import CoreIngest
package import HTTPClient

/// Where a `redshift` sink puts rows for `COPY`. Plain values; the configuration is read elsewhere.
package struct RedshiftStaging: Sendable {
    /// By which Redshift reads the bucket.
    package enum Role: Sendable, Equatable {
        /// The one that is the cluster's default.
        case usual
        /// By its ARN; several, with commas between, are a chain.
        case named(String)
    }

    package var bucket: S3Settings
    /// What keys begin with, before the sink's name; without a slash at either end. Empty for nothing.
    package var prefix: String
    package var role: Role
    /// Of this side: they put objects and take them away, and never go to Redshift.
    package var credentials: AWSCredentialSource
    package var client: HTTPClient
    /// Bytes of rows from which on they go by the bucket. An object costs three questions to S3 and a `COPY`, which is some hundred
    /// milliseconds whatever it holds; about as long as the leader node takes to read so many bytes of literals.
    package var leastBytes = 64 << 10

    package init(
        bucket: S3Settings, prefix: String, role: Role, credentials: AWSCredentialSource, client: HTTPClient
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.role = role
        self.credentials = credentials
        self.client = client
    }

    /// `s3://BUCKET/PREFIX` in its parts; nil where it is not one, or has what does not belong into a statement.
    package static func parts(of address: String) -> (bucket: String, prefix: String)? {
        guard address.hasPrefix("s3://"), address.utf8.count <= 600 else { return nil }
        let parts = address.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            part.utf8.allSatisfy { TextRule.isAlphanumeric($0) || "-_.=".utf8.contains($0) }
                && !["", ".", ".."].contains(part)
        }
        guard isPlain, let bucket = parts.first, (3...222).contains(bucket.utf8.count) else { return nil }
        return (String(bucket), parts.dropFirst().joined(separator: "/"))
    }

    /// `default`, the ARN of a role, or a chain of them; nil where it is none of these.
    package static func role(_ text: String) -> Role? {
        if text == "default" { return .usual }
        let isChain = text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { arn in
            let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "iam"
                && parts[3].isEmpty && parts[4].utf8.count == 12 && parts[5].hasPrefix("role/")
                && parts[5].utf8.count > 5
                && arn.utf8.allSatisfy { TextRule.isAlphanumeric($0) || ":/+=.@_-".utf8.contains($0) }
        }
        return isChain && text.utf8.count <= 2048 ? .named(text) : nil
    }
}
