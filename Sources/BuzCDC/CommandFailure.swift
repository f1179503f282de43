/// Why a command ends: lines for stderr, each one saying what, where and what to do, and the exit status.
struct CommandFailure: Error, Sendable {
    enum Status: Int32, Sendable {
        /// Something failed at run time.
        case failed = 1
        /// Bad usage, or a configuration that cannot be used.
        case usage = 2
    }

    var status: Status
    var lines: [String]

    /// Something failed at run time.
    static func failed(_ line: String) -> CommandFailure { CommandFailure(status: .failed, lines: [line]) }

    /// Bad usage.
    static func usage(_ line: String) -> CommandFailure { CommandFailure(status: .usage, lines: [line]) }
}
