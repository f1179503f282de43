/// One thing that was looked at before reading, and what to do about it.
package struct PreflightFinding: Sendable, Equatable {
    package enum Severity: String, Sendable, CaseIterable, Comparable {
        case ok, warning, error

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
        private var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    package var severity: Severity
    /// What it is about: `server`, `wal_level`, `slots`, `role`, `publication`, `tables`, `slot`, `snapshot`…
    package var topic: String
    /// What was found, with its value.
    package var message: String
    /// What to do; empty when nothing is to be done.
    package var remedy: String

    package init(_ severity: Severity, _ topic: String, _ message: String, remedy: String = "") {
        self.severity = severity
        self.topic = topic
        self.message = message
        self.remedy = remedy
    }
}
