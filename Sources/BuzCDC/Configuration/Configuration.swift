/// The whole configuration of an instance, checked: every value lies in its range, and every default is filled in.
struct Configuration: Sendable {
    var app: AppConfiguration
    var inputs: InputsConfiguration
    var operations: OperationsConfiguration
    var registry: RegistryConfiguration
    var validation: ValidationConfiguration
    /// In the order of the file, the disabled ones left out; at least one; names are unique.
    var sinks: [SinkConfiguration]
}
