import CoreIngest

extension RegistryConfiguration {
    /// Every type of backend. A new one is added here and written in a file of its own.
    static let backends: [any RegistryBackend.Type] = [
        FileRegistryConfiguration.self, WebRegistryConfiguration.self, IgluRegistryConfiguration.self,
        ConfluentRegistryConfiguration.self, PostgresRegistryConfiguration.self, S3RegistryConfiguration.self,
        GCSRegistryConfiguration.self,
    ]

    private enum Keys {
        static let backend = Key<CheckedSection>.variants("backend", backendSpecification, isOptional: true)
        static let ttlSeconds = Key<Int>.integer(
            "ttlSeconds", "How long a cached schema is used before the backend is asked again, in seconds.",
            .defaulted("300"), in: 1...86400)
        static let maxSizeBytes = Key<Int>.byteSize(
            "maxSizeBytes",
            "Bytes of compiled schemas held in memory; as many of their texts are kept in app.stateDir.",
            .defaulted("100MiB"), in: (1 << 20)...(1 << 36))
        static let publish = Key<Bool>.boolean(
            "publish",
            "Whether the schemas that are derived from tables are put into the backend, each version once. They carry a mark, so that none is taken for a contract.",
            .defaulted("false"))
        static let purge = Key<CheckedSection>.section("purge", purgeSpecification)
        static let purgeEnabled = Key<Bool>.boolean("enabled", "Whether the page is there.", .defaulted("true"))
        static let purgePath = Key<String>.text("path", "Its path.", .defaulted("/c/purge"), rule: pagePath)
        static let http = Key<CheckedSection>.section("http", httpSpecification)
        static let httpEnabled = Key<Bool>.boolean("enabled", "Whether they are served.", .defaulted("true"))

        static let pagePath = TextRule(
            description: "a path of its own such as /c/purge: letters, digits, '-', '_', '.' and '/'",
            pattern: "^/[A-Za-z0-9_./-]+$"
        ) { text in
            text.utf8.count > 1 && text.hasPrefix("/")
                && !["/metrics", "/stats", "/s/"].contains { text.hasPrefix($0) }
                && !text.hasPrefix("/health/")
                && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || "-_./".utf8.contains($0) }
        }
        static let backendSpecification = VariantsSpecification(
            noun: "registry", doc: "Where schemas are kept.", common: [],
            variants: backends.map { .init(type: $0.type, doc: $0.doc, keys: $0.keys) })
        static let purgeSpecification = SectionSpecification(
            "The page of the operations server that empties the cache: GET or POST, whole or with ?schema=NAME.",
            [purgeEnabled.specification, purgePath.specification])
        static let httpSpecification = SectionSpecification(
            "Schemas at /s/NAME of the operations server.", [httpEnabled.specification])
    }

    static let specification = SectionSpecification(
        "The schemas that events are validated against.",
        [
            Keys.backend.specification, Keys.ttlSeconds.specification, Keys.maxSizeBytes.specification,
            Keys.publish.specification, Keys.purge.specification, Keys.http.specification,
        ])

    /// What must hold between the keys of the backend.
    static func check(_ root: CheckedSection, _ checker: inout ConfigurationChecker) {
        guard let backend = root.section("registry")?.section("backend") else { return }
        backends.first { $0.type == backend.text("type") }?.check(backend, &checker)
    }

    init(_ section: CheckedSection) {
        let backend = section[Keys.backend]
        let type = Self.backends.first { $0.type == backend.text("type") } ?? FileRegistryConfiguration.self
        let purge = section[Keys.purge]
        self.init(
            backend: type.init(backend), timeToLive: .seconds(section[Keys.ttlSeconds]),
            maxBytes: section[Keys.maxSizeBytes], publishes: section[Keys.publish],
            purgePath: purge[Keys.purgeEnabled] ? purge[Keys.purgePath] : nil,
            servesSchemas: section[Keys.http][Keys.httpEnabled])
    }
}
