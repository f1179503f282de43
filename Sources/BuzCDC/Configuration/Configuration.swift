import Collector

/// The whole configuration of an instance, checked: every value lies in its range, and every default is filled in.
struct Configuration: Sendable {
    var app: AppConfiguration
    var inputs: InputsConfiguration
    /// With the middleware.
    var http: HTTPConfiguration
    var operations: OperationsConfiguration
    var registry: RegistryConfiguration
    var validation: ValidationConfiguration
    /// In the order of the file, the disabled ones left out; at least one; names are unique.
    var sinks: [SinkConfiguration]

    /// Whether events are collected over HTTP.
    var hasCollector: Bool { !inputs.http.handlers.isEmpty }

    /// Whether health, metrics and statistics are answered on the collector's port.
    var sharesPort: Bool { hasCollector && operations.enabled && operations.port == http.settings.server.port }

    /// Where a command finds the pages of the running instance.
    var operationsHost: String { sharesPort ? http.settings.server.host : operations.host }
}
