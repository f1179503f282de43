import CoreIngest

/// `type: blackhole`.
struct BlackholeSinkConfiguration: SinkDestination {
    static let type = "blackhole"
    static let doc = "Takes events and forgets them, to measure everything before it."
    static let examples: [String: ConfigurationLiteral] = ["name": "nowhere"]
    static let keys: [KeySpecification] = []

    init(_ section: CheckedSection) {}
}
