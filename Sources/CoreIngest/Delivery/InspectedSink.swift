/// A sink that can tell before its first write what would stop it later.
package protocol InspectedSink: Sink {
    /// Looks, and changes nothing in the destination. Called after ``open()``, also where that failed; without an answer of the destination
    /// there are no findings. Blocks, within the sink's time limits.
    func inspect() async -> [SinkFinding]
}

/// One thing that a sink found out.
package struct SinkFinding: Sendable, Equatable {
    package enum Severity: Sendable { case warning, error }

    package var severity: Severity
    /// What it is about, in a word.
    package var topic: String
    /// One line, without secrets.
    package var message: String
    /// What to do, one line.
    package var remedy: String

    package init(_ severity: Severity, _ topic: String, _ message: String, remedy: String) {
        self.severity = severity
        self.topic = topic
        self.message = message
        self.remedy = remedy
    }
}
