import ArgumentParser
import Collector
import CoreIngest
import LogicalDecoding
import Sinks

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate the configuration, connect to everything, and report what would go wrong.",
        discussion: """
            Looks at each database's settings, permissions, tables and slot, asks the schema registry, opens each sink, and changes nothing in the \
            databases that are read. Ends with status 1 when there is an error; warnings do not count.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let configuration = try file.load().configuration
        var report = CheckReport()
        report.ok("configuration", "file", "\(file.path) is valid")
        let state = Self.checkState(configuration, &report)
        for input in configuration.inputs.postgres {
            let checkpoint = state.store.flatMap { try? CheckpointStorage($0, input: input.name).load() }
            let settings = SourceFactory.settings(input, of: configuration)
            for finding in Preflight.run(settings, checkpoint: checkpoint) {
                report.add("input \(input.name)", finding)
            }
        }
        if configuration.hasCollector {
            await CollectorCheck.run(configuration.http.settings.server, isRunning: state.isRunning, &report)
        }
        RegistryCheck.run(configuration.registry.backend, &report)
        let renderer = EventRenderer(instance: Instance.identity(configuration))
        for entry in configuration.sinks {
            await Self.check(entry, SinkFactory(renderer: renderer), isRunning: state.isRunning, &report)
        }
        if json { Output.line(String(decoding: report.json, as: UTF8.self)) } else { Output.line(report.text) }
        if report.errors > 0 {
            throw CommandFailure.failed("not ready: \(report.errors) of \(report.entries.count) findings are errors")
        }
    }

    /// Opens the state folder, and finds whether an instance runs with it.
    private static func checkState(
        _ configuration: Configuration, _ report: inout CheckReport
    ) -> (store: StateStore?, isRunning: Bool) {
        let path = configuration.app.stateDirectory
        var isRunning = false
        do throws(StateError) {
            do throws(StateError) {
                _ = try StateDirectory(path: path, exclusive: true)
                report.ok("state", "folder", "\(path) is writable")
            } catch  where error.code == .locked {
                isRunning = true
                report.ok("state", "folder", "\(path) is in use by the running instance")
            }
            return (try StateStore(try StateDirectory(path: path, exclusive: false)), isRunning)
        } catch {
            report.error("state", "folder", error.message, remedy: "set app.stateDir to a folder that can be written")
            return (nil, isRunning)
        }
    }

    private static func check(
        _ entry: SinkConfiguration, _ factory: SinkFactory, isRunning: Bool, _ report: inout CheckReport
    ) async {
        let part = "sink \(entry.name)"
        // Each sink has one writer, which holds its locks: the status of the running one says how it is.
        if isRunning {
            report.ok(part, "open", "not opened, as the running instance holds it: see 'buz-cdc status'")
            return
        }
        do {
            let sink = try factory.sink(entry)
            do throws(SinkFailure) {
                _ = try await sink.open()
                report.ok(part, "open", "opened")
            } catch {
                report.error(part, "open", error.message)
            }
            for finding in await (sink as? any InspectedSink)?.inspect() ?? [] {
                switch finding.severity {
                case .warning: report.warning(part, finding.topic, finding.message, remedy: finding.remedy)
                case .error: report.error(part, finding.topic, finding.message, remedy: finding.remedy)
                }
            }
            await sink.close()
        } catch {
            for line in error.lines { report.error(part, "settings", line) }
        }
    }
}
