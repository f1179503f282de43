/// What reports on payloads that do not pass hold.
package struct SchemaReporting: Sendable, Equatable {
    /// Failures beyond this are not looked for; at least 1.
    package var mostFailures = 32
    /// Characters of a value that is quoted.
    package var mostOfValue = 64
    /// Values of payloads stay out of reports: of a value only its type is said. Names of properties are not values.
    package var hidesValues = false

    package init() {}
}
