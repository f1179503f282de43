import CoreIngest

extension AppConfiguration {
    private enum Keys {
        static let name = Key<String>.text(
            "name", "Name of this instance, written into every event as buzName.", .defaulted("buz-cdc"),
            example: "shop-sidecar")
        static let env = Key<String>.text(
            "env", "Environment of this instance, written into every event as buzEnv.", .defaulted("development"),
            example: "production")
        static let stateDir = Key<String>.text(
            "stateDir",
            "Folder of all local state: dead letters, parked events, positions. Made when missing; keep it on a disk that survives restarts.",
            .required, example: "/var/lib/buz-cdc")
        static let logLevel = Key<LogLevel>.choice("logLevel", "Least severity of what is logged.", .defaulted("info"))
        static let logFormat = Key<LogFormat>.choice(
            "logFormat", "Log lines for people, or one JSON object a line.", .defaulted("text"))
        static let shutdownTimeout = Key<Duration>.duration(
            "shutdownTimeout",
            "How long a graceful stop may take; what is not delivered by then is read again after the next start.",
            .defaulted("20s"), in: .seconds(1)...(.seconds(3600)))
    }

    static let specification = SectionSpecification(
        "Who this instance is, and where it keeps its state.",
        [
            Keys.name.specification, Keys.env.specification, Keys.stateDir.specification, Keys.logLevel.specification,
            Keys.logFormat.specification, Keys.shutdownTimeout.specification,
        ])

    init(_ section: CheckedSection) {
        self.init(
            name: section[Keys.name], environment: section[Keys.env], stateDirectory: section[Keys.stateDir],
            logLevel: section[Keys.logLevel], logFormat: section[Keys.logFormat],
            shutdownTimeout: section[Keys.shutdownTimeout])
    }
}
