import CoreIngest

/// The top level of the file: the root of the specification.
enum ConfigurationKeys {
    static let version = Key<Int>.integer(
        "version", "Version of this file's format.", .defaulted("1"), in: 1...1)
    static let app = Key<CheckedSection>.section("app", AppConfiguration.specification)
    static let inputs = Key<CheckedSection>.section("inputs", InputsConfiguration.specification)
    static let operations = Key<CheckedSection>.section("operations", OperationsConfiguration.specification)
    static let http = Key<CheckedSection>.section("http", HTTPConfiguration.specification)
    static let middleware = Key<CheckedSection>.section("middleware", MiddlewareConfiguration.specification)
    static let registry = Key<CheckedSection>.section("registry", RegistryConfiguration.specification)
    static let validation = Key<CheckedSection>.section("validation", ValidationConfiguration.specification)
    static let sinks = Key<[CheckedSection]>.sections(
        "sinks", "Where events go. Each sink works at its own pace, with its own queue and dead letters.",
        of: .variants(SinkConfiguration.specification))

    static let root = SectionSpecification(
        "Configuration of buz-cdc.",
        [
            version.specification, app.specification, inputs.specification, http.specification,
            middleware.specification, operations.specification, registry.specification, validation.specification,
            sinks.specification,
        ])
}
