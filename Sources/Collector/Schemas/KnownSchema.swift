import CoreIngest

/// What is known of a schema by its name, as events give it. Touched on the thread of its ``KnownSchemas`` only.
final class KnownSchema {
    let text: [UInt8]
    /// Nil where the text is no name.
    let name: SchemaName?
    fileprivate(set) var answer: SchemaCache.Answer?
    /// The batch that asked last.
    fileprivate var batch: UInt64 = 0
    private var streams: [CollectedProtocol: StreamDescriptor] = [:]
    /// The stream of events whose schema has no name.
    private static let nameless = SchemaName(
        vendor: "io.silverton.buz", name: "unknown", version: SchemaVersion(model: 1, revision: 0, addition: 0))

    fileprivate init(text: [UInt8]) {
        self.text = text
        name = SchemaName(String(decoding: text, as: UTF8.self))
    }

    var validator: PayloadValidator? { if case .found(let validator)? = answer { validator } else { nil } }

    /// What is to be said of events with this name; nil where they can be checked.
    var problem: SchemaReport? {
        let shown = String(decoding: text, as: UTF8.self)
        if text.isEmpty {
            return SchemaReport(
                noSchema: shown, expected: "the name of a schema", message: "the event names no schema")
        }
        guard let name else {
            return SchemaReport(
                noSchema: shown, expected: "iglu:vendor/name/jsonschema/1-0-0",
                message: "the event's schema is no name of a schema")
        }
        switch answer {
        case .found?: return nil
        case nil, .missing?:
            return SchemaReport(
                noSchema: shown, expected: "a schema of the registry",
                message: "the registry has no schema \(name); publish it, or correct the name")
        case .refused(let error)?:
            return SchemaReport(
                noSchema: shown, expected: "a schema that can be used",
                message: "the schema \(name) cannot be used: \(error.description)")
        case .unavailable(let error)?:
            return SchemaReport(
                noSchema: shown, keyword: "registry", expected: "an answer of the registry",
                message: "the registry does not answer: \(error.description)")
        }
    }

    var isUnavailable: Bool { if case .unavailable? = answer { true } else { false } }

    fileprivate func learn(_ answer: SchemaCache.Answer?) {
        let before = validator
        self.answer = answer
        if validator !== before { streams = [:] }
    }

    /// The stream of events of a protocol with this schema.
    func stream(of protocol: CollectedProtocol) -> StreamDescriptor? {
        if let hit = streams[`protocol`] { return hit }
        guard let name = name ?? Self.nameless else { return nil }
        let stream = StreamDescriptor(
            database: "", schemaName: "", table: "", columns: [], keyColumns: [], schema: name,
            validator: validator, protocol: `protocol`.text)
        streams[`protocol`] = stream
        return stream
    }
}

/// Finds schemas by the names that events give. Not thread safe; each thread has its own.
///
/// A schema is looked up in the cache once a batch, so that what is purged or published there counts from the next batch on.
struct KnownSchemas: ~Copyable {
    private let look: (SchemaName) -> SchemaCache.Answer?
    private var known: [UInt64: KnownSchema] = [:]
    private var last: KnownSchema?
    private var batch: UInt64 = 1
    private let seed = SystemRandomNumberGenerator.seed()
    /// Names come from strangers: what is remembered of them is bounded.
    private static let mostNames = 4096

    /// `look`: in the cache.
    init(_ look: @escaping (SchemaName) -> SchemaCache.Answer?) { self.look = look }

    /// A new batch begins: each schema that it names is looked up once.
    mutating func beginBatch() { batch += 1 }

    /// What is known of a name.
    mutating func schema(_ text: UnsafeRawBufferPointer) -> KnownSchema {
        let found: KnownSchema
        if let last, last.text.count == text.count, last.text.withUnsafeBytes({ $0.elementsEqual(text) }) {
            found = last
        } else {
            found = remembered(text)
            last = found
        }
        if found.batch != batch {
            found.batch = batch
            lookAgain(found)
        }
        return found
    }

    private mutating func remembered(_ text: UnsafeRawBufferPointer) -> KnownSchema {
        // FNV-1a with a seed: strangers must not be able to make names collide. A hit is compared.
        var hash = seed
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        if let hit = known[hash], hit.text.withUnsafeBytes({ $0.elementsEqual(text) }) { return hit }
        if known.count >= Self.mostNames { known.removeAll() }
        let fresh = KnownSchema(text: Array(text))
        known[hash] = fresh
        return fresh
    }

    /// Looks a schema up again, within the batch.
    func lookAgain(_ schema: KnownSchema) {
        if let name = schema.name { schema.learn(look(name)) }
    }
}

extension SystemRandomNumberGenerator {
    fileprivate static func seed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
