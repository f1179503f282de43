/// The `inputs` section.
struct InputsConfiguration: Sendable {
    /// In the order of the file; names and slots are unique. At least one, or an HTTP input.
    var postgres: [PostgresInputConfiguration]
    /// Protocols that the collector takes.
    var http: HTTPInputsConfiguration
}
