import CoreIngest
import LogicalDecoding

/// What can be said of an instance that does not run: from its state folder and its databases.
struct OfflineStatus {
    struct Source {
        var name: String
        var checkpoint: SourceCheckpoint?
        /// What preflight says of the slot.
        var findings: [PreflightFinding]
    }

    var sources: [Source] = []
    /// Dead letters by sink.
    var deadLetters: [(sink: String, count: Int)] = []
    /// Why the state folder could not be read.
    var stateError: String?

    static func read(_ configuration: Configuration) -> OfflineStatus {
        var status = OfflineStatus()
        var store: StateStore?
        do throws(StateError) {
            let directory = try StateDirectory(path: configuration.app.stateDirectory, exclusive: false)
            store = try StateStore(directory)
            for sink in configuration.sinks {
                status.deadLetters.append((sink.name, try DeadLetterStore(directory, sink: sink.name).count))
            }
        } catch {
            status.stateError = error.message
        }
        for input in configuration.inputs.postgres {
            let checkpoint = store.flatMap { try? CheckpointStorage($0, input: input.name).load() }
            let findings = Preflight.run(
                SourceFactory.settings(input, of: configuration), checkpoint: checkpoint)
            let ofSlot = findings.filter { $0.topic == "slot" || ($0.topic == "connection" && $0.severity == .error) }
            status.sources.append(Source(name: input.name, checkpoint: checkpoint, findings: ofSlot))
        }
        return status
    }

    var text: String {
        var lines: [String] = []
        if let stateError { lines.append("state: \(stateError)") }
        for source in sources {
            if let checkpoint = source.checkpoint {
                lines.append(
                    "source \(source.name): delivered up to \(checkpoint.confirmed), snapshot \(checkpoint.snapshot.rawValue), "
                        + "slot \(checkpoint.slot)")
            } else {
                lines.append("source \(source.name): never ran with this state folder")
            }
            for finding in source.findings {
                lines.append("  \(finding.message)" + (finding.remedy.isEmpty ? "" : "; \(finding.remedy)"))
            }
        }
        for (sink, count) in deadLetters { lines.append("sink \(sink): \(count) dead letters") }
        return lines.joined(separator: "\n")
    }

    var json: [UInt8] {
        JSONText.object { out in
            out.member("running", false)
            out.member("stateError", stateError)
            out.array("sources") { list in
                for source in sources {
                    list.object { one in
                        one.member("name", source.name)
                        one.member("confirmedLSN", source.checkpoint?.confirmed.description)
                        one.member("snapshot", source.checkpoint?.snapshot.rawValue)
                        one.array("findings") { findings in
                            for finding in source.findings { findings.element(finding.message) }
                        }
                    }
                }
            }
            out.array("sinks") { list in
                for (sink, count) in deadLetters {
                    list.object { one in
                        one.member("sink", sink)
                        one.member("deadLetters", count)
                    }
                }
            }
        }
    }
}
