/// The `app` section: who this instance is and where it keeps its state.
struct AppConfiguration: Sendable {
    /// Written into every envelope as `buzName`.
    var name: String
    /// Written into every envelope as `buzEnv`.
    var environment: String
    /// Folder of all local state; never empty. Relative to the working folder when it does not begin with `/`.
    var stateDirectory: String
    var logLevel: LogLevel
    var logFormat: LogFormat
    /// How long a graceful stop may take before what is left is abandoned.
    var shutdownTimeout: Duration

    /// Named as in swift-log.
    enum LogLevel: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }
    enum LogFormat: String, Sendable, CaseIterable { case text, json }
}
