/// Checks payloads against one schema. One call per event, so the compiled program lies in a final class.
///
/// `partial`: the source did not send every property (unchanged TOAST), so `required` is not asked for.
public final class PayloadValidator: Sendable {
    /// The schema that payloads are checked against.
    public let schema: SchemaName
    let program: SchemaProgram
    /// The schema's text, where it is kept to be served.
    let text: [UInt8]

    init(schema: SchemaName, program: SchemaProgram, text: [UInt8] = []) {
        self.schema = schema
        self.program = program
        self.text = text
    }

    /// Compiles the text of a schema.
    package convenience init(
        schema: SchemaName, compiling text: UnsafeRawBufferPointer, options: SchemaOptions = SchemaOptions()
    ) throws(SchemaError) {
        var options = options
        options.name = schema
        self.init(schema: schema, program: try SchemaCompiler.compile(text, options: options))
    }

    /// Compiles the text of a schema.
    package convenience init(schema: SchemaName, compiling text: String, options: SchemaOptions = SchemaOptions())
        throws(SchemaError)
    {
        var options = options
        options.name = schema
        self.init(schema: schema, program: try SchemaCompiler.compile(text, options: options))
    }

    /// Whether a payload is JSON and passes. The evaluator is the caller's, used for one payload after the other.
    package func passes(
        _ payload: UnsafeRawBufferPointer, partial: Bool = false, using evaluator: inout SchemaEvaluator
    ) -> Bool {
        evaluator.passes(program, payload, partial: partial)
    }

    /// Whether a value of a text that was read passes.
    package func passes(_ value: Int, in view: JSONView, using evaluator: inout SchemaEvaluator) -> Bool {
        evaluator.passes(program, value, in: view)
    }

    /// Why a payload does not pass: reads it again, and looks for every reason up to ``SchemaReporting/mostFailures``.
    package func report(
        _ payload: UnsafeRawBufferPointer, partial: Bool = false, reporting: SchemaReporting = SchemaReporting()
    ) -> SchemaReport {
        let failures = SchemaReporter.report(program, payload, partial: partial, reporting: reporting)
        return SchemaReport(schema: schema.description, failures: failures)
    }

    /// Nil when a payload passes, and the reasons when it does not.
    package func validate(
        _ payload: UnsafeRawBufferPointer, partial: Bool = false, using evaluator: inout SchemaEvaluator
    ) -> SchemaReport? {
        passes(payload, partial: partial, using: &evaluator) ? nil : report(payload, partial: partial)
    }

    /// Bytes of memory, for caches.
    var byteCount: Int { program.byteCount + text.count }
}
