package import CoreIngest

/// What a decoder needs to know of the database it reads from.
package struct DecoderSettings: Sendable, Equatable {
    /// The input, and the system identifier of the cluster (which becomes part of each event's id).
    package var source: SourceIdentity
    package var database: String

    package init(source: SourceIdentity, database: String) {
        self.source = source
        self.database = database
    }
}
