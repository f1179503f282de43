import ArgumentParser
import Collector
import CoreIngest

struct SchemasPublish: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Put schemas into the registry.",
        discussion: """
            Each file is compiled first, so that nothing is published which could not be used. Its name is the one in its \
            member 'self', or the one given with --as. A version is published once: the same JSON again is fine, another under \
            the same name is refused. A running instance asks for a new version at once, and for what it knows to be missing \
            after a few seconds; 'buz-cdc schemas purge' makes it ask at once.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(name: .customLong("as"), help: ArgumentHelp("The schema's name, for a single file.", valueName: "name"))
    var asName: String?

    @Argument(help: ArgumentHelp("Files of JSON Schemas.", valueName: "file"))
    var files: [String]

    func validate() throws {
        if asName != nil, files.count != 1 {
            throw ValidationError("--as names one file; publish the others one by one")
        }
    }

    func run() throws {
        guard let registry = try SchemasCommand.registry(file) as? any WritableSchemaRegistry else {
            throw CommandFailure.usage("this type of registry cannot be written; use another, or its own tools")
        }
        // All are read and compiled before the first is published.
        let schemas = try files.map { try read($0) }
        for (path, schema) in zip(files, schemas) { try compile(path, schema, among: schemas, registry) }
        for (name, text) in schemas {
            try SchemasCommand.asking { () throws(SchemaError) in try registry.publish(text, as: name) }
            Output.line("published \(name)")
        }
    }

    private func read(_ path: String) throws(CommandFailure) -> (name: SchemaName, text: [UInt8]) {
        let text: [UInt8]
        do throws(BoundedFile.Failure) {
            text = try BoundedFile.read(path, limit: 4 << 20, regularOnly: false)
        } catch {
            throw .usage("\(path) \(error.reason)")
        }
        let name: SchemaName
        if let asName {
            guard let given = SchemaName(asName) else { throw .usage(SchemasCommand.malformed(asName)) }
            name = given
        } else {
            guard let own = SchemaText.ownName(text) else {
                throw .usage("\(path) does not say its name in a member 'self'; give it with --as NAME")
            }
            name = own
        }
        if BuiltInSchema.all[name] != nil {
            throw .usage(
                "\(name) comes with the program, which would not use another; publish it as another version")
        }
        if let flaw = SchemaText.flaw(text, as: name) { throw .usage("\(path) is not \(name): \(flaw)") }
        return (name, text)
    }

    /// What it refers to may be published with it, or be in the registry.
    private func compile(
        _ path: String, _ schema: (name: SchemaName, text: [UInt8]), among schemas: [(name: SchemaName, text: [UInt8])],
        _ registry: any SchemaRegistry
    ) throws(CommandFailure) {
        let published = Dictionary(schemas.map { ($0.name.description, $0.text) }) { first, _ in first }
        var options = SchemaOptions()
        options.lookup = { uri throws(SchemaError) in
            if let text = published[uri] { return text }
            return try BuiltInRegistry(before: registry).lookup(uri)
        }
        do throws(SchemaError) {
            _ = try PayloadValidator(
                schema: schema.name, compiling: String(decoding: schema.text, as: UTF8.self), options: options)
        } catch {
            if error.code == .unavailable { throw .failed("\(registry.description): \(error)") }
            throw .usage("\(path) cannot be used as a schema: \(error)")
        }
    }
}
