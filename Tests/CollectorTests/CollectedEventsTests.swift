import CoreIngest
import Testing

@testable import Collector

@Suite("The builder of collected events")
struct CollectedEventsTests {
    @Test("An event comes back with all its parts")
    func parts() throws {
        var events = CollectedEvents()
        events.beginRequest(at: 1_000_000)
        events.begin(.cloudevents)
        events.write(.payload) { $0.append("{\"a\":1}") }
        events.write(.schema) { $0.append("iglu:com.acme/a/jsonschema/1-0-0") }
        events.write(.key) { $0.append("k") }
        events.write(.deduplication) { $0.append("source id") }
        let uuid = try #require(EventUUID(text: "00112233-4455-6677-8899-AABBCCDDEEFF"))
        events.set(uuid: uuid)
        events.set(timestamp: 42)
        events.addContext(text: "iglu:com.acme/c/jsonschema/1-0-0", "{\"c\":1}")
        events.addContext(text: "iglu:com.acme/c/jsonschema/1-0-0", "{\"c\":2}")
        try events.commit()
        events.begin(.pixel)
        events.write(.payload) { $0.append("{}") }
        try events.commit()

        let read = Array(events.all)
        #expect(read.count == 2)
        let seen1 = events.count
        #expect(seen1 == 2)
        #expect(read[0].protocol == .cloudevents)
        #expect(read[0].uuid == uuid)
        #expect(read[0].uuid.text == "00112233-4455-6677-8899-aabbccddeeff")
        #expect(read[0].timestamp == 42)
        #expect(read[0].receivedAt == 1_000_000)
        #expect(String(decoding: read[0][.payload], as: UTF8.self) == "{\"a\":1}")
        #expect(String(decoding: read[0][.schema], as: UTF8.self) == "iglu:com.acme/a/jsonschema/1-0-0")
        #expect(String(decoding: read[0][.key], as: UTF8.self) == "k")
        #expect(String(decoding: read[0][.deduplication], as: UTF8.self) == "source id")
        #expect(read[0].contexts.map { String(decoding: $0.data, as: UTF8.self) } == ["{\"c\":1}", "{\"c\":2}"])
        #expect(read[1].timestamp == 1_000_000)
        #expect(read[1][.schema].isEmpty)
        #expect(read[1].uuid.high >> 12 & 15 == 7)
        #expect(read[1].uuid.low >> 62 == 2)
    }

    @Test("What is rolled back or abandoned leaves nothing")
    func rollBack() throws {
        var events = CollectedEvents()
        events.beginRequest(at: 0)
        events.begin(.webhook)
        try events.commit()
        let mark = events.mark
        let bytes = events.byteCount
        events.begin(.webhook)
        events.write(.payload) { $0.append("{}") }
        try events.commit()
        events.begin(.webhook)
        events.write(.payload) { $0.append("{}") }
        events.rollBack(to: mark)
        let seen2 = events.count
        #expect(seen2 == 1)
        let seen3 = events.byteCount
        #expect(seen3 == bytes)
        events.rollBackRequest()
        let left = events.byteCount
        #expect(left == 0)
    }

    @Test("Limits refuse one event and keep the others")
    func limits() throws {
        var limits = CollectedEvents.Limits()
        limits.eventBytes = 200
        limits.eventsPerRequest = 2
        limits.contexts = 1
        var events = CollectedEvents(limits: limits)
        events.beginRequest(at: 0)
        events.begin(.webhook)
        try events.commit()
        events.begin(.webhook)
        events.write(.payload) { $0.append(Array(repeating: 0x20, count: 200)) }
        #expect(throws: CollectedEvents.Refusal.tooLarge) { try events.commit() }
        events.begin(.webhook)
        events.addContext(text: "a", "{}")
        events.addContext(text: "b", "{}")
        #expect(throws: CollectedEvents.Refusal.tooManyContexts) { try events.commit() }
        events.begin(.webhook)
        try events.commit()
        events.begin(.webhook)
        #expect(throws: CollectedEvents.Refusal.tooManyEvents) { try events.commit() }
        let seen4 = events.count
        #expect(seen4 == 2)
        events.beginRequest(at: 0)
        events.begin(.webhook)
        try events.commit()
        let seen5 = events.count
        #expect(seen5 == 3)
    }

    @Test("Bytes that do not hold together are not read, whatever they are")
    func broken() throws {
        var events = CollectedEvents()
        events.beginRequest(at: 0)
        events.begin(.webhook)
        events.write(.payload) { $0.append("{\"a\":1}") }
        events.addContext(text: "iglu:a/b/jsonschema/1-0-0", "{}")
        try events.commit()
        let whole = events.bytes
        for length in 0..<whole.count {
            var sequence = CollectedEventSequence(UnsafeRawBufferPointer(rebasing: whole[..<length]))
            #expect(sequence.next() == nil)
            #expect(sequence.isBroken == (length > 0))
        }
        var generator = SystemRandomNumberGenerator()
        var copy = [UInt8](whole)
        for _ in 0..<20_000 {
            let index = Int.random(in: 0..<copy.count, using: &generator)
            let before = copy[index]
            copy[index] = UInt8.random(in: 0...255, using: &generator)
            copy.withUnsafeBytes { bytes in
                for event in CollectedEventSequence(bytes) {
                    for part in CollectedEvents.Part.allCases { _ = event[part].count }
                    for context in event.contexts { _ = context.schema.count + context.data.count }
                }
            }
            if generator.next() & 3 == 0 { copy[index] = before }
        }
    }

    @Test("Ids of one seed differ, and are versions 7 and 4")
    func ids() {
        var source = UUIDSource(seed: 7)
        var seen = Set<EventUUID>()
        for _ in 0..<10_000 { seen.insert(source.next(at: 1_795_216_741_217_000)) }
        #expect(seen.count == 10_000)
        #expect(seen.allSatisfy { $0.high >> 16 == 1_795_216_741_217 && $0.high >> 12 & 15 == 7 && $0.low >> 62 == 2 })
        let random = source.nextRandom()
        #expect(random.high >> 12 & 15 == 4)
        #expect(random.low >> 62 == 2)
    }
}

extension EventUUID {
    init?(text: String) {
        let bytes = Array(text.utf8)
        guard let read = bytes.withUnsafeBytes({ EventUUID($0) }) else { return nil }
        self = read
    }
}

extension CollectedEvents {
    mutating func addContext(text schema: String, _ data: String) {
        let schema = Array(schema.utf8)
        let data = Array(data.utf8)
        schema.withUnsafeBytes { schema in
            data.withUnsafeBytes { data in addContext(schema: schema, data: data) }
        }
    }
}
