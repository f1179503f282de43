import ArgumentParser
import CoreIngest
import LogicalDecoding

struct SchemasDerive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "derive",
        abstract: "Print the JSON Schemas of tables, as they are derived from the databases now.",
        discussion: """
            Reads the catalogs of the configured inputs, changes nothing, and prints one schema after the other. Versions are \
            those that the instance remembers in its state folder, or the next ones. Ends with status 1 when a database cannot be \
            read or a table is not there.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: ArgumentHelp("Only this input.", valueName: "name"))
    var input: String?

    @Argument(
        help: ArgumentHelp(
            "Tables, as SCHEMA.TABLE with '*' for any run of characters; all that the input reads, if none.",
            valueName: "table"))
    var tables: [String] = []

    func run() throws {
        let configuration = try file.load().configuration
        let inputs = configuration.inputs.postgres.filter { input == nil || $0.name == input }
        if inputs.isEmpty { throw CommandFailure.usage("there is no input of that name in \(file.path)") }
        let versions = SchemaVersions(Self.memory(configuration))
        var missing = Set(tables)
        for input in inputs {
            let catalog = try Self.catalog(input, versions)
            do throws(SourceError) {
                let settings = SourceFactory.settings(input, of: configuration)
                for shape in try TableShape.read(settings, matching: tables) {
                    missing = missing.filter { !TableShape.matches($0, shape) }
                    let stream = catalog.stream(
                        database: shape.database, schema: shape.schema, table: shape.table, comment: shape.comment,
                        columns: shape.columns, keyColumns: shape.keyColumns)
                    if let text = catalog.text(of: stream.schema) { Output.line(String(text.dropLast())) }
                }
            } catch {
                throw CommandFailure.failed("input \(input.name): \(error.message)")
            }
        }
        if !missing.isEmpty {
            throw CommandFailure(
                status: .failed,
                lines: missing.sorted().map { "no table \($0) is read by the configured inputs; write SCHEMA.TABLE" })
        }
    }

    private static func catalog(
        _ input: PostgresInputConfiguration, _ versions: SchemaVersions
    ) throws(CommandFailure) -> SchemaCatalog {
        do throws(SchemaError) {
            return try SchemaCatalog(
                vendor: input.schemaVendor == "local" ? nil : input.schemaVendor, versions: versions,
                warn: { Output.complain($0) })
        } catch {
            throw .usage("input \(input.name): \(error)")
        }
    }

    /// What the instance remembers, to which nothing is added.
    private static func memory(_ configuration: Configuration) -> SchemaVersions.Storage {
        let new = SchemaVersions.Storage.inMemory()
        guard let directory = try? StateDirectory(path: configuration.app.stateDirectory, exclusive: false),
            let store = try? StateStore(directory)
        else { return new }
        return SchemaVersions.Storage(
            read: { key in try new.read(key) ?? store.read(key) }, write: { key, value in try new.write(key, value) })
    }
}
