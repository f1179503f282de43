/// Which source, and which history of it: positions of two histories cannot be compared.
public struct SourceIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The input's name in the configuration.
    public var name: String
    /// For Postgres its system identifier: the same after a restart or a failover, another after initdb.
    public var systemIdentifier: UInt64
    /// A random number that is drawn whenever positions begin anew: with each new slot, and where the server's log went over to
    /// another timeline. A server that was restored keeps its system identifier and gives its positions out again. 0 in state of
    /// versions that did not know it.
    public var generation: UInt64

    /// A history by its parts.
    public init(name: String, systemIdentifier: UInt64, generation: UInt64 = 0) {
        self.name = name
        self.systemIdentifier = systemIdentifier
        self.generation = generation
    }

    /// `shop@7710456836659107659`, and the generation where there is one; for people.
    public var description: String {
        "\(name)@\(systemIdentifier)" + (generation == 0 ? "" : "/" + String(generation, radix: 16))
    }
}

/// The history that another one continues, as a promoted standby does: up to `end` both are the same.
package struct Predecessor: Sendable, Equatable {
    package var identity: SourceIdentity
    /// The first byte of log that is no longer the same: a commit record before it is part of both histories.
    package var end: UInt64

    package init(identity: SourceIdentity, end: UInt64) {
        self.identity = identity
        self.end = end
    }

    /// What a sink that stood here in the old history has of the new one.
    package func inherited(_ position: Position) -> Position {
        end == 0 ? .start : min(position, Position(commit: end - 1, ordinal: .max))
    }
}
