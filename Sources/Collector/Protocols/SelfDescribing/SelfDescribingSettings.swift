/// How self-describing JSON is read: Buz's own keys, which may be others.
package struct SelfDescribingSettings: Sendable {
    package var path = "/self-describing"
    /// The member that holds the contexts.
    package var contextsKey = "contexts"
    /// The member that holds the payload's envelope.
    package var payloadKey = "payload"
    /// In the payload's envelope: the schema's name.
    package var schemaKey = "schema"
    /// In the payload's envelope: the payload itself.
    package var dataKey = "data"

    package init() {}
}
