package import CoreIngest

/// What a decoder needs to know of the database it reads from.
package struct DecoderSettings: Sendable, Equatable {
    /// The input, and the history that is read (a hash of which becomes part of each event's id).
    package var source: SourceIdentity
    /// The history that this one continues: its events keep the ids that they had in it.
    package var predecessor: Predecessor?
    package var database: String

    package init(source: SourceIdentity, continues predecessor: Predecessor? = nil, database: String) {
        self.source = source
        self.predecessor = predecessor
        self.database = database
    }
}
