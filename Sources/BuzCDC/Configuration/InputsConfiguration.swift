/// The `inputs` section.
struct InputsConfiguration: Sendable {
    /// In the order of the file; at least one; names and slots are unique.
    var postgres: [PostgresInputConfiguration]
}
