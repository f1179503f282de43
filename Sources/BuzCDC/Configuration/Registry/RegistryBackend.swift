import CoreIngest

/// The part of the `registry` section that belongs to a type of backend: one file for each.
protocol RegistryBackend: Sendable {
    /// What stands after `type:`.
    static var type: String { get }
    /// What it is, for users.
    static var doc: String { get }
    static var keys: [KeySpecification] { get }

    /// From a section without problems.
    init(_ section: CheckedSection)

    /// What is wrong with the values together; called also when single values are wrong and therefore missing.
    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker)

    /// Whether answers come over a network, so that a copy on disk is worth while.
    var isRemote: Bool { get }

    /// Not connected to yet.
    func registry() throws(CommandFailure) -> any SchemaRegistry
}

extension RegistryBackend {
    var isRemote: Bool { true }
    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {}
}
