/// Checks payloads against one schema. One call per event, so the compiled program lies in a final class.
///
/// `partial`: the source did not send every property (unchanged TOAST), so `required` is not asked for.
public final class PayloadValidator: Sendable {
    /// The schema that payloads are checked against.
    public let schema: SchemaName
    let program: SchemaProgram

    init(schema: SchemaName, program: SchemaProgram) {
        self.schema = schema
        self.program = program
    }
}
