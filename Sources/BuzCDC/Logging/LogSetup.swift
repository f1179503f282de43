import Logging

/// Sets up logging for the process, once.
enum LogSetup {
    /// The logger of the instance; every other logger writes in the same way.
    static func start(_ app: AppConfiguration) -> Logger {
        let level = Logger.Level(rawValue: app.logLevel.rawValue) ?? .info
        let style: LineLogHandler.Style =
            switch app.logFormat {
            case .text: .text
            case .json: .json
            }
        LoggingSystem.bootstrap { LineLogHandler(label: $0, style: style, level: level) }
        return Logger(label: "buz-cdc")
    }
}
