import CoreIngest

extension InputsConfiguration {
    private static let postgres = Key<[CheckedSection]>.sections(
        "postgres", "Databases whose changes are read by logical replication.",
        of: .section(PostgresInputConfiguration.specification))

    static let specification = SectionSpecification(
        "Where events come from.",
        [postgres.specification] + HTTPInputsConfiguration.specifications)

    init(_ section: CheckedSection) {
        self.init(
            postgres: section[Self.postgres].map(PostgresInputConfiguration.init),
            http: HTTPInputsConfiguration(section))
    }
}
