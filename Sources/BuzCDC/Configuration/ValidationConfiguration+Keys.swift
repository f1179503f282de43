import CoreIngest

extension ValidationConfiguration {
    private enum Keys {
        static let maxErrors = Key<Int>.integer(
            "maxErrors", "Errors of one event that are looked for.", .defaulted("32"), in: 1...1000)
        static let values = Key<Values>.choice(
            "values",
            "Whether errors quote the values that are wrong: show, or hide, which leaves their types. Messages never quote them.",
            .defaulted("show"))
    }

    private enum Values: String, Sendable, CaseIterable { case show, hide }

    static let specification = SectionSpecification(
        "What is told of events that do not match their schema.",
        [Keys.maxErrors.specification, Keys.values.specification])

    init(_ section: CheckedSection) {
        self.init(maxErrors: section[Keys.maxErrors], showsValues: section[Keys.values] == .show)
    }

    /// What reports hold.
    var reporting: SchemaReporting {
        var reporting = SchemaReporting()
        reporting.mostFailures = maxErrors
        reporting.hidesValues = !showsValues
        return reporting
    }
}
