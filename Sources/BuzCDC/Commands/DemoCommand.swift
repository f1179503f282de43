import ArgumentParser

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract:
            "Show it all on this machine: a throwaway Postgres with a sample shop, streamed to files and a mirror.",
        discussion: """
            Starts a Postgres server in a temporary folder (it needs the server's programs: from $BUZ_PG_ROOT, \
            /usr/lib/postgresql or pg_config), fills it with a small shop, runs a sidecar that streams the shop's changes to \
            files and into a second database, and keeps customers ordering until Ctrl-C. Nothing outside of the temporary \
            folder is touched, and the folder is removed at the end.
            """)

    @Option(
        help: ArgumentHelp(
            "End by itself after so many seconds, and check that the mirror equals the shop.", valueName: "n"))
    var seconds: Int?

    @Option(help: ArgumentHelp("Transactions a second.", valueName: "n"))
    var rate = 20

    @Flag(help: "Keep the temporary folder at the end.")
    var keep = false

    func validate() throws {
        if let seconds, seconds < 1 { throw ValidationError("'--seconds' must be at least 1") }
        if !(1...1000).contains(rate) { throw ValidationError("'--rate' must be between 1 and 1000") }
    }

    func run() throws {
        StopRequest.listen()
        let folder = try DemoFolder()
        defer { if keep { Output.line("kept \(folder.path)") } else { folder.remove() } }
        do {
            try Demo(folder: folder, seconds: seconds, rate: rate).run()
        } catch {
            // The folder goes away, so what explains the failure is shown now.
            for line in Demo.lastLines(of: "\(folder.path)/sidecar.log", count: 5) {
                Output.complain("sidecar: \(line)")
            }
            throw error
        }
    }
}
