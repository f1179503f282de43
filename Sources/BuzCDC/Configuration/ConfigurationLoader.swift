import Collector
import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// From a file to a ``Configuration``, with everything that is wrong found in one go.
struct ConfigurationLoader: Sendable {
    /// Looks environment variables up.
    var environment: ValueExpander.Environment = { name in getenv(name).map { String(cString: $0) } }

    /// A configuration that was read, typed and as a tree.
    struct Loaded: Sendable {
        var configuration: Configuration
        /// The same with defaults and positions, for the resolved view.
        var section: CheckedSection
    }

    func load(path: String) throws(ConfigurationError) -> Loaded {
        try load(try ConfigurationReader.read(path: path))
    }

    /// `file` is what positions call the bytes.
    func load(bytes: [UInt8], file: String) throws(ConfigurationError) -> Loaded {
        try load(try ConfigurationReader.parse(bytes, file: file))
    }

    private func load(_ root: ConfigurationNode) throws(ConfigurationError) -> Loaded {
        var checker = ConfigurationChecker(environment: environment)
        let section = checker.check(root, against: ConfigurationKeys.root)
        checker.checkInputs(section)
        checker.checkSinks(section)
        checker.checkCollector(section)
        RegistryConfiguration.check(section, &checker)
        guard checker.problems.isEmpty else { throw ConfigurationError(checker.problems) }
        return Loaded(configuration: Configuration(section), section: section)
    }
}

extension Configuration {
    /// From a root section without problems.
    fileprivate init(_ section: CheckedSection) {
        var http = HTTPConfiguration(section[ConfigurationKeys.http])
        MiddlewareConfiguration.apply(section[ConfigurationKeys.middleware], to: &http.settings.server)
        self.init(
            app: AppConfiguration(section[ConfigurationKeys.app]),
            inputs: InputsConfiguration(section[ConfigurationKeys.inputs]), http: http,
            operations: OperationsConfiguration(section[ConfigurationKeys.operations]),
            registry: RegistryConfiguration(section[ConfigurationKeys.registry]),
            validation: ValidationConfiguration(section[ConfigurationKeys.validation]),
            sinks: section[ConfigurationKeys.sinks].compactMap(SinkConfiguration.init))
    }
}
