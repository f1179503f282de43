import CoreIngest

/// The part of a sink's configuration that belongs to its type: one file for each.
protocol SinkDestination: Sendable {
    /// What stands after `type:`.
    static var type: String { get }
    /// What the sink does, for users.
    static var doc: String { get }
    /// Its keys besides those that every sink has.
    static var keys: [KeySpecification] { get }

    /// Values of the common keys in the example: `name` at least.
    static var examples: [String: ConfigurationLiteral] { get }

    /// From a section without problems.
    init(_ section: CheckedSection)

    /// What is wrong with the values together; called also when single values are wrong and therefore missing.
    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker)

    /// What no other sink may write, in words for a message, without secrets.
    static func targets(_ section: CheckedSection) -> [String]
}

extension SinkDestination {
    static func targets(_ section: CheckedSection) -> [String] { [] }
    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {}
}
