import Glibc

/// What can be fed, by the name of its folder in `Fuzz/Corpus`.
enum Target: String, CaseIterable {
    /// pgoutput messages, one after the other: see ``MessageTarget``.
    case messages
    case array, composite, hstore
    /// Lines of COPY's text format.
    case copy
    case json
    /// A pattern, a zero byte, and a text.
    case pattern
    /// A schema, a zero byte, and a payload.
    case schema
    case yaml
    /// A batch as the park holds it.
    case batches
    /// Names of schemas.
    case names
    /// What BigQuery answers: see ``ProtobufTarget``.
    case protobuf
    /// A request to a handler of the collector: see ``ProtocolTarget``.
    case selfDescribing, snowplow, cloudevents, webhook, pixel, segment, amplitude

    /// What comes over a connection of the collector: see ``RequestTarget``.
    case requests

    static let chosen: Target = {
        let name = getenv("BUZ_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = Target(rawValue: name) else {
            complain("BUZ_FUZZ_TARGET must be one of \(allCases.map(\.rawValue).joined(separator: ", "))")
            exit(2)
        }
        return target
    }()

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .messages: MessageTarget.run(input)
        case .array: ValueTarget.array.run(input)
        case .composite: ValueTarget.composite.run(input)
        case .hstore: ValueTarget.hstore.run(input)
        case .copy: CopyTarget.run(input)
        case .json: JSONTarget.run(input)
        case .pattern: PatternTarget.run(input)
        case .schema: SchemaTarget.run(input)
        case .yaml: ConfigurationTarget.run(input)
        case .batches: BatchTarget.run(input)
        case .names: NameTarget.run(input)
        case .protobuf: ProtobufTarget.run(input)
        case .selfDescribing: ProtocolTarget.selfDescribing.run(input)
        case .snowplow: ProtocolTarget.snowplow.run(input)
        case .cloudevents: ProtocolTarget.cloudevents.run(input)
        case .webhook: ProtocolTarget.webhook.run(input)
        case .pixel: ProtocolTarget.pixel.run(input)
        case .segment: ProtocolTarget.segment.run(input)
        case .amplitude: ProtocolTarget.amplitude.run(input)
        case .requests: RequestTarget.run(input)
        }
    }

    /// Seeds that a program must make; those that are text lie in the corpus only.
    var seeds: [(name: String, bytes: [UInt8])] {
        switch self {
        case .messages: MessageTarget.seeds
        case .batches: BatchTarget.seeds
        case .protobuf: ProtobufTarget.seeds
        case .array, .composite, .hstore, .copy, .json, .pattern, .schema, .yaml, .names, .selfDescribing, .snowplow,
            .cloudevents, .webhook, .pixel, .segment, .amplitude, .requests:
            []
        }
    }
}
