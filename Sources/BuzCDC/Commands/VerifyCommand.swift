import ArgumentParser
import CoreIngest
import LogicalDecoding

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare source tables with their mirrors, row by row hash, and print what differs.",
        discussion: """
            Works while traffic runs: a row counts as different only when the source's row stays the same while the mirror \
            takes in everything up to the position at which it was read. Ends with status 0 when all that was compared is \
            equal, with 1 when something differs or could not be compared. Values of rows are not printed, except those of keys.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: ArgumentHelp("Only this mirror.", valueName: "name"))
    var sink: String?

    @Option(
        help: ArgumentHelp("Share of the time that the source may be busy with it: 1 to 100.", valueName: "percent"))
    var load = 50

    @Option(help: ArgumentHelp("How long to wait for a mirror to catch up.", valueName: "seconds"))
    var wait = 30

    @Flag(help: "Print a JSON object.")
    var json = false

    @Argument(help: ArgumentHelp("Tables, as schema.table or with '*'; without any, all.", valueName: "table"))
    var tables: [String] = []

    func validate() throws {
        guard (1...100).contains(load) else { throw ValidationError("--load is a percentage from 1 to 100") }
        guard (1...86400).contains(wait) else { throw ValidationError("--wait is a number of seconds from 1 to 86400") }
    }

    func run() throws {
        let configuration = try file.load().configuration
        let mirrors = try mirrors(configuration)
        var report = VerifyReport()
        do {
            for input in configuration.inputs.postgres {
                let source = try PostgresParitySource(SourceFactory.settings(input, of: configuration))
                let chosen = try choose(source.tables, of: input.name)
                for sink in mirrors {
                    guard let mirror = try MirrorFactory.mirror(sink) else { continue }
                    try compare(chosen, source, mirror, configuration, (input.name, sink.name), &report)
                }
            }
        } catch let error as ParityError {
            throw CommandFailure.failed(error.description)
        }
        if json { Output.line(String(decoding: report.json, as: UTF8.self)) } else { Output.line(report.text) }
        if !report.isEqual {
            throw CommandFailure.failed("the mirrors are not proven equal: \(report.summary)")
        }
    }

    /// The sinks that mirror and can be read.
    private func mirrors(_ configuration: Configuration) throws(CommandFailure) -> [SinkConfiguration] {
        let found = configuration.sinks.filter { (sink == nil || $0.name == sink) && MirrorFactory.isMirror($0) }
        if !found.isEmpty { return found }
        guard let sink else { throw .usage("there is no sink with 'mode: mirror' in \(file.path)") }
        if configuration.sinks.contains(where: { $0.name == sink }) {
            throw .usage("the sink \(sink) is no mirror: verify compares sinks with 'mode: mirror'")
        }
        let names = configuration.sinks.map(\.name).joined(separator: ", ")
        throw .usage("there is no sink \(sink) in \(file.path): there are \(names)")
    }

    private func choose(_ all: [ParityTable], of input: String) throws(CommandFailure) -> [ParityTable] {
        if tables.isEmpty { return all }
        let patterns = TablePatterns(tables)
        let chosen = all.filter { patterns.matches(schema: $0.schema, table: $0.name) }
        if chosen.isEmpty {
            throw .usage("no published table of input \(input) is named \(tables.joined(separator: ", "))")
        }
        return chosen
    }

    private func compare(
        _ tables: [ParityTable], _ source: PostgresParitySource, _ mirror: some ParityMirror,
        _ configuration: Configuration, _ names: (input: String, sink: String), _ report: inout VerifyReport
    ) throws(ParityError) {
        let operations = configuration.operations
        var progress = InstanceProgress(
            client: OperationsClient(host: operations.host, port: operations.port, token: operations.token),
            input: names.input, sink: names.sink, limit: .seconds(wait))
        var settings = ParitySettings()
        settings.load = Double(load) / 100
        let check = ParityCheck(
            source: source, mirror: mirror, settings: settings,
            catchUp: { progress.reach($0) ?? mirror.reach($0, within: .seconds(wait)) },
            pause: {
                usleep(
                    UInt32(clamping: $0.components.seconds * 1_000_000 + $0.components.attoseconds / 1_000_000_000_000))
            })
        let isWatched = isatty(STDERR_FILENO) == 1 && !json
        for table in tables {
            let parity = try check.compare(table) { rows in
                if isWatched { Output.write("\r\u{1B}[K\(table.qualifiedName): \(rows) rows", to: STDERR_FILENO) }
            }
            if isWatched { Output.write("\r\u{1B}[K", to: STDERR_FILENO) }
            report.add(VerifyReport.Entry(input: names.input, sink: names.sink, parity: parity))
        }
    }
}
