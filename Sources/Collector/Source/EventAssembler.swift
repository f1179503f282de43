import CoreIngest

/// Makes records of collected events: finds their streams, groups and checks their contexts, and appends them to a batch.
/// Payloads are checked by the pipeline. Not thread safe; the source's thread has it.
struct EventAssembler: ~Copyable {
    private var schemas: KnownSchemas
    private var evaluator = SchemaEvaluator()
    private let wait: (Int) -> Bool
    private let reporting: SchemaReporting
    private let cache: SchemaCache
    /// The outage of the registry that was not waited out.
    private var givenUp: Int64?

    /// `wait`: called when the registry does not answer, with the number of attempts before; true to ask again, false to go on
    /// without, until it has answered again.
    init(_ schemas: SchemaCache, reporting: SchemaReporting, wait: @escaping (Int) -> Bool) {
        self.schemas = KnownSchemas { schemas.validator(for: $0) }
        cache = schemas
        self.wait = wait
        self.reporting = reporting
    }

    /// A new batch begins.
    mutating func beginBatch() { schemas.beginBatch() }

    /// Appends one event. `validators`: those that verdicts of its chunk name. A verdict counts as long as the schema is the same.
    mutating func append(
        _ event: CollectedEvent, at position: Position, judgedBy validators: [PayloadValidator] = [],
        to builder: inout EventBatchBuilder
    ) {
        let schema = resolved(event[.schema])
        guard let stream = schema.stream(of: event.protocol) else { return }
        var record = EventRecord()
        record.uuidHigh = event.uuid.high
        record.uuidLow = event.uuid.low
        record.timestamp = event.timestamp
        record.position = position
        record.stream = builder.index(of: stream)
        record.payload = builder.arena.copy(event[.payload])
        record.keyHash = Self.hash(event[.key])
        let verdict = Int(event.verdict)
        if verdict > 0, verdict <= validators.count, validators[verdict - 1] === schema.validator {
            record.flags.insert(.passed)
        }
        var report = schema.problem
        var isUnavailable = schema.isUnavailable
        if !event[.contexts].isEmpty {
            addContexts(event, schema, to: &builder, &record, &report, &isUnavailable)
        }
        if !event[.problem].isEmpty {
            var whole = report ?? payloadReport(event, schema)
            whole.append(problem: String(decoding: event[.problem], as: UTF8.self))
            report = whole
        }
        if var report {
            report.cut(to: reporting)
            let start = builder.arena.count
            report.render(to: &builder.arena)
            record.validationError = ByteRange(from: start, to: builder.arena.count)
            record.flags.insert(isUnavailable ? [.invalid, .schemaUnavailable] : .invalid)
        }
        builder.append(record)
    }

    private mutating func resolved(_ text: UnsafeRawBufferPointer) -> KnownSchema {
        let schema = schemas.schema(text)
        // Patience is spent once an outage, not once a schema: events must not pile up behind it for ever. A registry that answers is not
        // waited for here: the schema is one of too many strange ones.
        var attempts = 0
        while schema.isUnavailable, let outage = cache.failingSince, outage != givenUp {
            if wait(attempts) { schemas.lookAgain(schema) } else { givenUp = outage }
            attempts += 1
        }
        return schema
    }

    // MARK: Contexts

    /// Writes `"NAME":DATA` for each schema, `"NAME":[DATA,…]` where there are several of one.
    private mutating func addContexts(
        _ event: CollectedEvent, _ schema: KnownSchema, to builder: inout EventBatchBuilder,
        _ record: inout EventRecord, _ report: inout SchemaReport?, _ isUnavailable: inout Bool
    ) {
        let start = builder.arena.count
        var index = 0
        for context in event.contexts {
            defer { index += 1 }
            let same = Self.others(like: context, at: index, in: event)
            if same.before { continue }
            if builder.arena.count > start { builder.arena.append(UInt8(ascii: ",")) }
            builder.arena.appendJSONString(context.schema)
            builder.arena.append(UInt8(ascii: ":"))
            if same.after { builder.arena.append(UInt8(ascii: "[")) }
            builder.arena.append(context.data)
            if same.after {
                for other in event.contexts.dropFirst(index + 1) where other.schema.elementsEqual(context.schema) {
                    builder.arena.append(UInt8(ascii: ","))
                    builder.arena.append(other.data)
                }
                builder.arena.append(UInt8(ascii: "]"))
            }
        }
        record.contexts = ByteRange(from: start, to: builder.arena.count)
        for context in event.contexts where !context.isOwn {
            guard let failed = check(context, &isUnavailable) else { continue }
            var whole = report ?? payloadReport(event, schema)
            whole.append(failed, ofContext: String(decoding: context.schema, as: UTF8.self))
            report = whole
        }
    }

    /// Whether a context's schema occurs before and after it.
    private static func others(
        like context: CollectedContextSequence.Element, at index: Int, in event: CollectedEvent
    ) -> (before: Bool, after: Bool) {
        var result = (before: false, after: false)
        for (place, other) in event.contexts.enumerated() where place != index {
            guard other.schema.elementsEqual(context.schema) else { continue }
            if place < index { result.before = true } else { result.after = true }
        }
        return result
    }

    private mutating func check(
        _ context: CollectedContextSequence.Element, _ isUnavailable: inout Bool
    ) -> SchemaReport? {
        let schema = resolved(context.schema)
        guard let validator = schema.validator else {
            if schema.isUnavailable { isUnavailable = true }
            return schema.problem
        }
        if validator.passes(context.data, using: &evaluator) { return nil }
        return validator.report(context.data, reporting: reporting)
    }

    /// The verdict on the payload, as the pipeline leaves an event alone that was judged already.
    private mutating func payloadReport(_ event: CollectedEvent, _ schema: KnownSchema) -> SchemaReport {
        if let validator = schema.validator, !validator.passes(event[.payload], using: &evaluator) {
            return validator.report(event[.payload], reporting: reporting)
        }
        return SchemaReport(schema: String(decoding: event[.schema], as: UTF8.self))
    }

    /// FNV-1a; 0 where there is no key.
    private static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        guard !key.isEmpty else { return 0 }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return max(hash, 1)
    }
}

extension ByteArena {
    /// Appends bytes, and answers where they lie.
    mutating func copy(_ bytes: UnsafeRawBufferPointer) -> ByteRange {
        let start = count
        append(bytes)
        return ByteRange(from: start, to: count)
    }
}
