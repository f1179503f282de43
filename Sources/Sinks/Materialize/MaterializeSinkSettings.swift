package import CoreIngest

/// What a `materialize` sink needs to know. Plain values; the configuration is read elsewhere.
package struct MaterializeSinkSettings: Sendable {
    /// What the sink makes of the events.
    package enum Mode: String, Sendable, CaseIterable {
        /// Appends every event to one table.
        case events
        /// Keeps one view per source table that equals it.
        case mirror
    }

    /// The sink's name: part of the positions' key.
    package var name: String
    /// A libpq connection string or URI. May hold a password: never put into messages.
    package var url: String
    package var mode: Mode
    /// The cluster that reads run in, and that holds the indexes; nil: the role's own.
    package var cluster: String?
    /// What the `envelope` column of event tables holds.
    package var format: EventFormat = .envelope
    /// Mirror: the schema of the views, else the source's. Events: where the tables are, else `public`.
    package var schema: String?
    /// The table of events; in `mirror` only for events that have no table (collected ones and logical messages).
    package var defaultOutput = "events"
    /// The table of events that failed validation. Nil: the sink does not take them.
    package var deadletterOutput: String?
    /// The schema of the tables `positions` and `marks`, and of the tables of changes.
    package var positionsSchema = "buz_cdc"
    /// Whether each mirror gets an index on its key.
    package var makesIndexes = false
    /// After how many changes of a table those that later ones replaced are deleted.
    package var compactAfter = 100_000
    /// Bound of one attempt to connect, per address.
    package var connectTimeout: Duration = .seconds(10)
    /// Bound of one statement, on the server and here.
    package var statementTimeout: Duration = .seconds(60)
    /// How often the sink looks whether another instance writes under its name.
    package var rivalInterval: Duration = .seconds(60)
    /// For dead letters that are written again, perhaps beside a running instance: they lie before the stored positions, so
    /// positions are not written, and no event is left out.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(name: String, url: String, mode: Mode = .events) {
        self.name = name
        self.url = url
        self.mode = mode
    }

    /// What makes these settings unusable, whatever the server says; nil when nothing does.
    var mistake: String? {
        let names = [
            ("schema", schema), ("defaultOutput", defaultOutput), ("deadletterOutput", deadletterOutput),
            ("positionsSchema", positionsSchema), ("cluster", cluster),
        ]
        for (key, value) in names {
            guard let value else { continue }
            if value.isEmpty { return "\(key) is empty: give it a name" }
            if value.utf8.count > NameRules.mostMaterializeBytes {
                return
                    "\(key) is \(value.utf8.count) bytes long: Materialize takes \(NameRules.mostMaterializeBytes), so shorten it"
            }
        }
        if deadletterOutput == defaultOutput {
            return "deadletterOutput names the same table as defaultOutput: choose two"
        }
        if positionsSchema == (schema ?? "public") {
            return "positionsSchema is the schema of the mirrors or events: choose two"
        }
        return nil
    }

    /// Reads must see what was committed last, so the isolation level is set whatever the role's default is.
    var session: PostgresSessionSettings {
        let seconds = max(1, statementTimeout.milliseconds / 1000)
        var preparation = """
            SET transaction_isolation = 'strict serializable'; SET statement_timeout = '\(seconds)s'; \
            SET idle_in_transaction_session_timeout = '\(seconds * 2)s'
            """
        if let cluster { preparation += "; SET cluster = \(NameRules.materialize.quoted(cluster))" }
        return PostgresSessionSettings(
            name: name, url: url, connectTimeout: connectTimeout, statementTimeout: statementTimeout,
            preparation: preparation)
    }
}
