import ArgumentParser
import CoreIngest

struct SchemasDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say what a schema's next version changes for its readers, and which part of the version it raises.",
        discussion: """
            Compares the properties of two JSON Schemas, each a file or the name of a schema in the configured registry. ADDITION: \
            the new schema accepts all that the old one did. REVISION: older data may fail it. MODEL: values have another form, \
            or a property another name. Ends with status 0 for no change or an ADDITION, 3 for a REVISION, 4 for a MODEL, 2 \
            when a schema cannot be used, and 1 when the registry does not answer.
            """)

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("The configuration file, for names in its registry.", valueName: "file"))
    var config: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    @Argument(help: ArgumentHelp("The schema before: a file, or iglu:VENDOR/NAME/jsonschema/1-0-0.", valueName: "old"))
    var old: String

    @Argument(help: ArgumentHelp("The schema after.", valueName: "new"))
    var new: String

    func run() throws {
        let difference = SchemaDifference.between(try signature(old), try signature(new))
        if json {
            Output.line(String(decoding: Self.json(difference), as: UTF8.self))
        } else if difference.isEmpty {
            Output.line("no change")
        } else {
            Output.line(difference.change.rawValue.uppercased())
            for reason in difference.reasons { Output.line("  \(reason.change.rawValue.uppercased())  \(reason.text)") }
        }
        switch difference.change {
        case .addition: return
        case .revision: throw ExitCode(3)
        case .model: throw ExitCode(4)
        }
    }

    private static func json(_ difference: SchemaDifference) -> [UInt8] {
        JSONText.object { out in
            out.member("class", difference.isEmpty ? nil : difference.change.rawValue)
            out.array("reasons") { list in
                for reason in difference.reasons {
                    list.object { part in
                        part.member("class", reason.change.rawValue)
                        part.member("reason", reason.text)
                    }
                }
            }
        }
    }

    private func signature(_ place: String) throws(CommandFailure) -> TableSignature {
        let text = try SchemaPlace(place: place, config: config).text()
        do throws(SchemaError) { return try TableSignature(schema: text) } catch { throw .usage("\(place): \(error)") }
    }
}
