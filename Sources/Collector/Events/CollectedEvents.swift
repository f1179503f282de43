package import CoreIngest

/// Builds the events of requests in one arena, in the form in which they go to the spool (see ``CollectedEvent``).
///
/// One event at a time: ``begin(_:)``, its parts in any order, ``commit()``. Parts that are JSON are copied as they are: they must
/// be valid JSON (a slice of a text that a reader accepted, or written as JSON). Not thread safe; each event loop has its own.
package struct CollectedEvents: ~Copyable {
    package struct Limits: Sendable {
        /// Bytes of one event with all its parts.
        package var eventBytes = 1 << 20
        /// Events of one request.
        package var eventsPerRequest = 10_000
        /// Contexts of one event.
        package var contexts = 200

        package init() {}
    }

    /// Why an event cannot be taken.
    package enum Refusal: Error, Equatable {
        /// It has more than ``Limits/eventBytes``.
        case tooLarge
        /// The request has more than ``Limits/eventsPerRequest``.
        case tooManyEvents
        /// It has more than ``Limits/contexts``.
        case tooManyContexts

        /// One line, for an answer.
        package func message(_ limits: Limits) -> String {
            switch self {
            case .tooLarge: "an event has more than \(limits.eventBytes) bytes; send less in one event"
            case .tooManyEvents:
                "a request has more than \(limits.eventsPerRequest) events; send them in several requests"
            case .tooManyContexts: "an event has more than \(limits.contexts) contexts; send fewer"
            }
        }
    }

    /// A part of an event. Each is set once, or not at all.
    package enum Part: Int, CaseIterable, Sendable {
        /// The name of the payload's schema, as the client gave it: it is read, and looked up, later. Absent: the event is
        /// kept and reported as without schema.
        case schema
        /// JSON: what the schema describes.
        case payload
        /// Names this event among those of its protocol: another with the same is left out, where that is configured.
        case deduplication
        /// Events with equal keys go to the same place, in order.
        case key
        /// Written by ``commit()``, of what ``addContext(schema:data:)`` was given.
        case contexts
        /// Text, set by ``add(problem:)``: why the event breaks its protocol's own rules, and where. It is kept, and invalid.
        case problem
    }

    /// Where the events of a request begin.
    package struct Mark: Sendable {
        fileprivate var bytes: Int
        fileprivate var count: Int
    }

    package let limits: Limits
    /// For the handler's use, so that its tape is used again: a view is valid until the next `read`.
    package var reader: JSONReader
    /// For JSON within JSON, while a view of ``reader`` is in use.
    package var innerReader: JSONReader
    /// For queries and form bodies.
    package var form = FormFields()
    /// For whatever a handler has to put together; empty at the beginning of each request.
    package var scratch = ByteArena(capacity: 1024)
    /// Contexts that every event of the request gets besides its own; set by the server, for the length of a request.
    package var requestContexts = CollectedContexts()
    /// Checks payloads as they are set; nil: that is left to the source.
    var judge: PayloadJudge?
    /// Of the request: microseconds since the Unix epoch.
    package private(set) var receivedAt: Int64 = 0
    /// Events so far.
    package private(set) var count = 0

    private(set) var arena: ByteArena
    private var ids: UUIDSource
    private var requestMark = Mark(bytes: 0, count: 0)

    // The event that is being built.
    private var begin = 0
    private var isBuilding = false
    private var `protocol` = CollectedProtocol.selfDescribing
    private var uuid: EventUUID?
    private var timestamp: Int64?
    private var parts = [ByteRange](repeating: .none, count: Part.allCases.count)
    private var contexts = CollectedContexts()
    private var problems = ""
    private var verdict: UInt8 = 0

    /// `capacity`: bytes to reserve.
    package init(limits: Limits = Limits(), ids: UUIDSource = UUIDSource(), capacity: Int = 64 << 10) {
        self.limits = limits
        self.ids = ids
        reader = JSONReader(limits: JSONLimits(depth: 200))
        innerReader = JSONReader(limits: JSONLimits(depth: 200))
        arena = ByteArena(capacity: capacity)
    }

    /// Whether there are none.
    package var isEmpty: Bool { count == 0 }
    /// Bytes of all events.
    package var byteCount: Int { arena.count }

    // MARK: A request

    /// A request begins, which came at `time`: the server calls it before the handler.
    package mutating func beginRequest(at time: Int64) {
        receivedAt = time
        abandon()
        requestMark = mark
        requestContexts.removeAll()
        scratch.truncate(to: 0)
    }

    /// Events of this request so far.
    package var requestCount: Int { count - requestMark.count }

    package var mark: Mark { Mark(bytes: isBuilding ? begin : arena.count, count: count) }

    /// Events since a mark.
    package func count(since mark: Mark) -> Int { count - mark.count }

    /// The events since a mark, one after the other.
    func bytes(since mark: Mark) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: arena.bytes[min(mark.bytes, arena.count)...])
    }

    /// Forgets the events since a mark.
    package mutating func rollBack(to mark: Mark) {
        abandon()
        arena.truncate(to: mark.bytes)
        count = mark.count
    }

    /// Forgets the events of this request.
    package mutating func rollBackRequest() { rollBack(to: requestMark) }

    /// An id of version 4, for what a protocol gives a client to keep.
    package mutating func randomID() -> EventUUID { ids.nextRandom() }

    // MARK: An event

    /// Begins an event. One that was begun and not committed is forgotten.
    package mutating func begin(_ protocol: CollectedProtocol) {
        abandon()
        begin = arena.count
        isBuilding = true
        self.protocol = `protocol`
        arena.append(zeros: CollectedEvent.headerBytes)
    }

    /// The client's own id; without one the event gets an id of version 7.
    package mutating func set(uuid: EventUUID) { self.uuid = uuid }

    /// When it happened: microseconds since the Unix epoch. Without it, when it was received.
    package mutating func set(timestamp: Int64) { self.timestamp = timestamp }

    /// Sets a part to a copy of `bytes`.
    package mutating func set(_ part: Part, _ bytes: UnsafeRawBufferPointer) {
        write(part) { $0.append(bytes) }
    }

    /// Sets a part to the value of a string of a JSON text; false for what is no string.
    @discardableResult
    package mutating func set(_ part: Part, stringOf value: Int, in view: JSONView) -> Bool {
        var isString = false
        write(part) { isString = view.appendString(value, to: &$0) }
        return isString
    }

    /// Sets the payload to a value of a JSON text, which is checked where the schema was set before and is at hand.
    package mutating func set(payload value: Int, in view: JSONView) {
        set(.payload, view.text(value))
        let schema = parts[Part.schema.rawValue]
        guard let judge, !schema.isEmpty else { return }
        let start = begin + Int(schema.offset)
        let name = UnsafeRawBufferPointer(rebasing: arena.bytes[start..<start + Int(schema.count)])
        verdict = judge.verdict(name, value, in: view)
    }

    /// Sets a part to what `body` appends. Nothing but appending may be done with the arena.
    package mutating func write(_ part: Part, _ body: (inout ByteArena) -> Void) {
        precondition(isBuilding, "An event is begun first.")
        if part == .schema || part == .payload { verdict = 0 }
        let start = arena.count
        body(&arena)
        parts[part.rawValue] = ByteRange(offset: start - begin, count: arena.count - start)
    }

    /// Adds a context. `schema`: its schema's name as given; `data`: JSON. Several of one schema are all kept.
    package mutating func addContext(schema: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer) {
        contexts.append(schema: schema, data: data)
    }

    /// Adds a context whose schema's name is a string, or a member's name, of a JSON text, and whose data is a value of it. False
    /// where `schema` is no string.
    @discardableResult
    package mutating func addContext(schema: Int, data: Int, in view: JSONView) -> Bool {
        contexts.append(schema: schema, data: view.text(data), in: view)
    }

    /// Says what breaks the protocol's own rules, and where, in one line without the client's values; several are joined. The event
    /// is kept, and is invalid for it, whatever its schema says.
    package mutating func add(problem: String) {
        if !problems.isEmpty { problems += "; " }
        problems += problem
    }

    /// Ends the event. After a refusal it is forgotten.
    package mutating func commit() throws(Refusal) {
        precondition(isBuilding, "An event is begun first.")
        let refusal: Refusal? =
            if requestCount >= limits.eventsPerRequest {
                .tooManyEvents
            } else if contexts.count > limits.contexts {
                .tooManyContexts
            } else if arena.count - begin + contexts.byteCount > limits.eventBytes {
                .tooLarge
            } else {
                nil
            }
        if let refusal {
            abandon()
            throw refusal
        }
        if contexts.count + requestContexts.count > 0 {
            let start = arena.count
            arena.append(contexts.bytes)
            arena.append(requestContexts.bytes)
            parts[Part.contexts.rawValue] = ByteRange(offset: start - begin, count: arena.count - start)
        }
        if !problems.isEmpty {
            let text = problems
            write(.problem) { $0.append(text: text) }
        }
        let id = uuid ?? ids.next(at: receivedAt)
        CollectedEvent.Header(
            length: arena.count - begin, protocol: `protocol`, verdict: verdict, uuid: id,
            timestamp: timestamp ?? receivedAt, receivedAt: receivedAt
        ).write(to: arena.base + begin, parts: parts)
        count += 1
        isBuilding = false
        forget()
    }

    /// Forgets the event that was begun and not committed, where there is one.
    package mutating func abandon() {
        guard isBuilding else { return }
        arena.truncate(to: begin)
        isBuilding = false
        forget()
    }

    private mutating func forget() {
        uuid = nil
        timestamp = nil
        contexts.removeAll()
        problems = ""
        verdict = 0
        for index in parts.indices { parts[index] = .none }
    }

    // MARK: Handing over

    /// The events, one after the other, as they go to the spool.
    package var bytes: UnsafeRawBufferPointer { arena.bytes }

    /// The events, in order.
    package var all: CollectedEventSequence { CollectedEventSequence(bytes) }

    /// Gives its events away in exchange for an empty arena.
    mutating func swapStorage(with other: inout ByteArena) {
        abandon()
        swap(&arena, &other)
        removeAll()
    }

    /// Forgets everything and keeps the storage.
    package mutating func removeAll() {
        abandon()
        arena.truncate(to: 0)
        count = 0
        requestMark = Mark(bytes: 0, count: 0)
    }
}

extension ByteArena {
    /// Appends so many zero bytes.
    mutating func append(zeros count: Int) {
        reserve(count)
        (base + used).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        used += count
    }
}
