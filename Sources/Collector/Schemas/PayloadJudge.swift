import CoreIngest

/// Checks payloads where their JSON was read anyway, on the event loop, so that it is read once. What is not known there yet, or does
/// not pass, the source looks at again. Touched on one thread only.
final class PayloadJudge {
    private var schemas: KnownSchemas
    private var evaluator = SchemaEvaluator()
    /// Those that let something pass since the last ``take()``.
    private var validators: [PayloadValidator] = []

    init(_ schemas: SchemaCache) {
        self.schemas = KnownSchemas { name in schemas.known(name).map { .found($0) } }
    }

    /// Whether a value passes the schema of a name: the place, from 1 on, of its validator among ``take()``; 0: not known.
    func verdict(_ schema: UnsafeRawBufferPointer, _ value: Int, in view: JSONView) -> UInt8 {
        guard let validator = schemas.schema(schema).validator,
            validator.passes(value, in: view, using: &evaluator)
        else { return 0 }
        if let index = validators.lastIndex(where: { $0 === validator }) { return UInt8(index + 1) }
        guard validators.count < UInt8.max else { return 0 }
        validators.append(validator)
        return UInt8(validators.count)
    }

    /// A batch ends: its validators.
    func take() -> [PayloadValidator] {
        schemas.beginBatch()
        defer { validators = [] }
        return validators
    }
}
