import ArgumentParser
import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Parses the command line, runs the command, and turns every error into one line on stderr and an exit status.
@main
enum EntryPoint {
    static func main() async {
        // A peer that closes its socket, or a pager that quits, is an error of a write and not a reason to die.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try await BuzCDC.asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(report(error))
        }
    }

    /// Prints what went wrong and answers the exit status: 0, 1 or 2, or what the command itself says.
    private static func report(_ error: any Error) -> Int32 {
        if let failure = error as? CommandFailure {
            for line in failure.lines { Output.complain(line) }
            return failure.status.rawValue
        }
        if let status = error as? ExitCode { return status.rawValue }
        let code = BuzCDC.exitCode(for: error)
        if code == .success {
            Output.line(BuzCDC.message(for: error))
            return 0
        }
        if code == .validationFailure {
            Output.complain(usageLine(error))
            return CommandFailure.Status.usage.rawValue
        }
        let message = BuzCDC.message(for: error)
        if !message.isEmpty { Output.complain(message) }
        return CommandFailure.Status.failed.rawValue
    }

    /// The parser's message with the command whose help explains it, in one line.
    private static func usageLine(_ error: any Error) -> String {
        let message = BuzCDC.message(for: error).split(separator: "\n").joined(separator: " ")
        let pointer = BuzCDC.fullMessage(for: error).split(separator: "\n").last { $0.hasPrefix("  See '") }
        guard let pointer, let start = pointer.firstIndex(of: "'"), let end = pointer.lastIndex(of: "'") else {
            return "\(message); see 'buz-cdc --help'"
        }
        return "\(message); see \(pointer[start...end])"
    }
}
