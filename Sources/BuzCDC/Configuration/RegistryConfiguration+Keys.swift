import CoreIngest

extension RegistryConfiguration {
    private enum Keys {
        static let backend = Key<CheckedSection>.section("backend", backendSpecification)
        static let type = Key<BackendType>.choice("type", "Kind of backend.", .defaulted("file"))
        static let path = Key<String>.text(
            "path", "Folder of the schema files, as VENDOR/NAME/jsonschema/1-0-0. One that is missing holds none.",
            .defaulted("./schemas"))
        static let ttlSeconds = Key<Int>.integer(
            "ttlSeconds", "How long a cached schema is used before the backend is asked again, in seconds.",
            .defaulted("300"), in: 1...86400)
        static let maxSizeBytes = Key<Int>.byteSize(
            "maxSizeBytes", "Bytes of compiled schemas held in memory.", .defaulted("100MiB"),
            in: (1 << 20)...(1 << 36))

        static let publish = Key<Bool>.boolean(
            "publish",
            "Whether the schemas that are derived from tables are put into the backend, each version once. They carry a mark, so that none is taken for a contract.",
            .defaulted("false"))

        static let backendSpecification = SectionSpecification(
            "Where schemas are kept.", [type.specification, path.specification])
    }

    private enum BackendType: String, Sendable, CaseIterable { case file }

    static let specification = SectionSpecification(
        "The schemas that events are validated against.",
        [
            Keys.backend.specification, Keys.ttlSeconds.specification, Keys.maxSizeBytes.specification,
            Keys.publish.specification,
            ConfigurationKeys.collector("purge", of: "registry."), ConfigurationKeys.collector("http", of: "registry."),
        ])

    init(_ section: CheckedSection) {
        let backend = section[Keys.backend]
        switch backend[Keys.type] {
        case .file: self.init(.file(path: backend[Keys.path]), section)
        }
    }

    private init(_ backend: Backend, _ section: CheckedSection) {
        self.init(
            backend: backend, timeToLive: .seconds(section[Keys.ttlSeconds]), maxBytes: section[Keys.maxSizeBytes],
            publishes: section[Keys.publish])
    }
}
