package import CoreIngest

/// How webhooks are taken.
package struct WebhookSettings: Sendable {
    /// Arbitrary webhooks are posted here, named ones below it.
    package var path = "/webhook"
    package var signatures: [Signature] = []

    /// A secret that the senders of one webhook sign with.
    package struct Signature: Sendable {
        /// The schema of the named webhook; nil: arbitrary ones.
        package var schema: SchemaName?
        package var scheme: WebhookScheme
        /// Any of them may have signed: so that one can be replaced by another.
        package var secrets: [String]
        /// Seconds that a signed time may be away from now, where the scheme signs one.
        package var tolerance = 300

        package init(schema: SchemaName?, scheme: WebhookScheme, secrets: [String], tolerance: Int = 300) {
            self.schema = schema
            self.scheme = scheme
            self.secrets = secrets
            self.tolerance = tolerance
        }
    }

    package init() {}
}
