import ArgumentParser
import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

struct SchemasValidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check JSON, one value a line, against a schema, and print what is wrong by group.",
        discussion: """
            Reads files, or standard input for '-' or no file at all; empty lines are skipped. Lines that fail in the same way \
            are one group. Ends with status 0 when all lines are valid, with 1 when some are not, with 2 when the schema or a \
            file cannot be used.
            """)

    @Option(
        help: ArgumentHelp(
            "A JSON Schema: its file, or iglu:VENDOR/NAME/jsonschema/1-0-0 with --config.", valueName: "schema"))
    var schema: String

    @Option(help: ArgumentHelp("The configuration file, for names in its registry.", valueName: "file"))
    var config: String?

    @Option(help: "Whether 'format' is asserted: as the schema's dialect says, always, or never.")
    var formats = Formats.dialect

    @Option(help: ArgumentHelp("How many groups to print.", valueName: "number"))
    var groups = 50

    @Flag(help: "Print a JSON object with all groups.")
    var json = false

    @Option(
        help: """
            What to print of the lines: groups of those that are invalid, or for each line JSON Schema's output 'basic', as \
            {"file", "line", "output"}.
            """)
    var output = Form.groups

    @Flag(help: "Leave values out of what is printed.")
    var hideValues = false

    @Argument(help: ArgumentHelp("Files of lines, or '-'.", valueName: "file"))
    var files: [String] = ["-"]

    enum Form: String, ExpressibleByArgument, CaseIterable { case groups, basic }

    enum Formats: String, ExpressibleByArgument, CaseIterable {
        case dialect, assert, annotate

        var options: SchemaOptions.Formats {
            switch self {
            case .dialect: .byDialect
            case .assert: .assert
            case .annotate: .annotate
            }
        }
    }

    /// Bytes of one line; longer ones are invalid.
    private static let mostLineBytes = 256 << 20

    func validate() throws {
        guard groups >= 1 else { throw ValidationError("--groups is a number from 1 on") }
        if json, output != .groups { throw ValidationError("--json prints groups; leave it out with --output basic") }
    }

    func run() throws {
        let validator = try compile()
        var evaluator = SchemaEvaluator()
        var summary = ValidationSummary()
        for file in files { try check(file, validator, &evaluator, &summary) }
        if json {
            Output.line(String(decoding: summary.json(schema: schema), as: UTF8.self))
        } else if summary.invalid > 0, output == .groups {
            Output.line(summary.table(most: groups))
        }
        Output.complain(summary.text)
        if summary.invalid > 0 { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }

    private func compile() throws(CommandFailure) -> PayloadValidator {
        var options = SchemaOptions()
        options.formats = formats.options
        options.keepsAnnotations = output == .basic
        let place = SchemaPlace(place: schema, config: config)
        let text = try place.text()
        let name = try place.name()
        options.lookup = try place.registry()?.lookup
        do throws(SchemaError) {
            return try PayloadValidator(
                schema: name, compiling: String(decoding: text, as: UTF8.self), options: options)
        } catch {
            throw error.code == .unavailable ? .failed("\(schema): \(error)") : .usage("\(schema): \(error)")
        }
    }

    private func check(
        _ file: String, _ validator: PayloadValidator, _ evaluator: inout SchemaEvaluator,
        _ summary: inout ValidationSummary
    ) throws {
        let descriptor = try Self.open(file)
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var reader = LineReader(descriptor, mostBytes: Self.mostLineBytes)
        var number = 0
        do throws(LineReader.Errno) {
            while let line = try reader.next() {
                number += 1
                switch line {
                case .text(let text):
                    if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
                    let passes =
                        output == .basic
                        ? printOutput(validator, text, file, number) : validator.passes(text, using: &evaluator)
                    if passes {
                        summary.addValid()
                    } else {
                        let report = validator.report(text, reporting: reporting)
                        summary.addInvalid(report, at: "\(file):\(number)")
                    }
                case .tooLong:
                    let report = SchemaReport.tooLarge(schema: schema, most: Self.mostLineBytes)
                    summary.addInvalid(report, at: "\(file):\(number)")
                }
            }
        } catch {
            throw CommandFailure.usage("cannot read \(file) after line \(number): \(error.text)")
        }
    }

    private var reporting: SchemaReporting {
        var reporting = SchemaReporting()
        reporting.hidesValues = hideValues
        return reporting
    }

    /// Prints JSON Schema's own output on one line; answers whether it is valid.
    private func printOutput(
        _ validator: PayloadValidator, _ text: UnsafeRawBufferPointer, _ file: String, _ number: Int
    ) -> Bool {
        var arena = ByteArena(capacity: 1024)
        let isValid = validator.appendBasicOutput(on: text, to: &arena, reporting: reporting)
        let line = JSONText.object { line in
            line.member("file", file)
            line.member("line", number)
            line.member("output", json: Array(arena.bytes))
        }
        Output.line(String(decoding: line, as: UTF8.self))
        return isValid
    }

    private static func open(_ file: String) throws -> Int32 {
        if file == "-" { return STDIN_FILENO }
        #if canImport(Glibc)
            let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC)
        #else
            let descriptor = Musl.open(file, O_RDONLY | O_CLOEXEC)
        #endif
        if descriptor < 0 { throw CommandFailure.usage("cannot open \(file): \(String(cString: strerror(errno)))") }
        return descriptor
    }
}
