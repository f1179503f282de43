import CoreIngest

/// Segment's HTTP tracking API: one message a request, or a batch of them.
///
/// Each message is an event whose payload is the message as it came, without the write key; when it was sent, and what a batch
/// says for all its messages, are a context. Segment answers before it validates, and so a message that breaks its rules is
/// kept, and its built-in schema says what is wrong. Refused are: no JSON, no batch, a foreign write key, too many bytes.
package struct SegmentHandler: ProtocolHandler {
    package let name = CollectedProtocol.segment
    package let routes: [Route]
    private let settings: SegmentSettings
    private let writeKeys: Set<[UInt8]>
    private let prefix: Int
    static let sentSchema: StaticString = "iglu:io.silverton/segment.sent/jsonschema/1-0-0"
    private static let ok = CollectedAnswer.json(200, Array(#"{"success": true}"#.utf8))

    package init(_ settings: SegmentSettings = SegmentSettings()) {
        self.settings = settings
        writeKeys = Set(settings.writeKeys.map { Array($0.utf8) })
        prefix = settings.path.utf8.count + 1
        routes = (SegmentCall.allCases.map(\.rawValue) + ["batch", "import"]).map {
            Route([.post], .exact("\(settings.path)/\($0)"))
        }
    }

    package func handle(
        _ request: borrowing CollectedRequest, into events: inout CollectedEvents
    ) -> CollectedAnswer {
        guard request.body.count <= settings.batchBytes else {
            return refuse(400, "the body has more than \(settings.batchBytes) bytes; send smaller batches")
        }
        let view: JSONView
        do throws(JSONError) {
            view = try events.reader.read(request.body)
        } catch {
            return refuse(400, "the body is \(error.description)")
        }
        guard view.kind(0) == .object else { return refuse(400, "the body is no JSON object") }
        guard isKnown(request, view) else { return refuse(401, "the write key is not known here") }
        let last = UnsafeRawBufferPointer(rebasing: request.path[min(prefix, request.path.count)...])
        let refusal: CollectedEvents.Refusal?
        if let call = SegmentCall(last) {
            read(0, call, view, SegmentSent(view, of: 0, isBatch: false), to: &events)
            refusal = commit(&events)
        } else {
            guard let batch = view.member(0, named: "batch"), view.kind(batch) == .array else {
                return refuse(400, "the body has no array 'batch' of messages")
            }
            refusal = addAll(batch, view, to: &events)
        }
        guard let refusal else { return Self.ok }
        events.rollBackRequest()
        return refuse(400, refusal.message(events.limits))
    }

    private func addAll(_ batch: Int, _ view: JSONView, to events: inout CollectedEvents) -> CollectedEvents.Refusal? {
        let sent = SegmentSent(view, of: 0, isBatch: true)
        for (index, message) in view.elements(batch).enumerated() {
            if view.kind(message) == .object {
                read(message, nil, view, sent, to: &events)
            } else {
                events.begin(name)
                events.set(.payload, view.text(message))
                events.add(problem: "in the body, /batch/\(index) is no object")
            }
            do throws(CollectedEvents.Refusal) {
                try events.commitOneOfMany(name, text: view.text(message))
            } catch {
                return error
            }
        }
        return nil
    }

    /// Begins an event with one message; `call` is nil where the message names it itself.
    private func read(
        _ message: Int, _ call: SegmentCall?, _ view: JSONView, _ sent: SegmentSent, to events: inout CollectedEvents
    ) {
        events.begin(name)
        var text = ByteArena(capacity: 256)
        let type = view.member(message, named: "type")
        if let type { _ = view.appendString(type, to: &text) }
        if let call = call ?? SegmentCall(text.bytes) {
            events.write(.schema) { $0.append(call.schema) }
        } else {
            events.add(problem: "'type' is none of track, identify, page, screen, group and alias")
        }
        let size = view.text(message).count
        if size > settings.messageBytes {
            events.add(problem: "the message has \(size) bytes, and Segment takes \(settings.messageBytes)")
        }
        let addsType = type == nil ? call : nil
        events.write(.payload) { arena in
            arena.append("{")
            let start = arena.count
            if let addsType {
                arena.append("\"type\":\"")
                arena.append(text: addsType.rawValue)
                arena.append("\"")
            }
            for member in view.members(message) where !SegmentSent.isOwn(member, view) {
                if arena.count > start { arena.append(",") }
                arena.append(view.text(member.name))
                arena.append(":")
                arena.append(view.text(member.value))
            }
            arena.append("}")
        }
        sent.add(to: &events)
        identify(message, view, &text, &events)
    }

    private func identify(_ message: Int, _ view: JSONView, _ text: inout ByteArena, _ events: inout CollectedEvents) {
        func string(_ name: StaticString) -> Bool {
            text.truncate(to: 0)
            guard let value = view.member(message, named: name) else { return false }
            return view.appendString(value, to: &text) && text.count > 0
        }
        if string("messageId") {
            events.set(.deduplication, text.bytes)
            if let uuid = EventUUID(text.bytes) { events.set(uuid: uuid) }
        }
        if string("userId") || string("anonymousId") { events.set(.key, text.bytes) }
        if string("timestamp") || string("originalTimestamp"), let time = TimeText.microseconds(text.bytes) {
            events.set(timestamp: time)
        }
    }

    private func commit(_ events: inout CollectedEvents) -> CollectedEvents.Refusal? {
        do throws(CollectedEvents.Refusal) {
            try events.commit()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Keys

    /// The write key is the user of Basic authentication, or `writeKey` of the body.
    private func isKnown(_ request: borrowing CollectedRequest, _ view: JSONView) -> Bool {
        if writeKeys.isEmpty { return true }
        var text = ByteArena(capacity: 64)
        if let key = view.member(0, named: "writeKey"), view.appendString(key, to: &text), isKnown(Array(text.bytes)) {
            return true
        }
        guard let header = request.headers["authorization"], header.count > 6,
            header[..<6].map(HeaderFields.lowered).elementsEqual("basic ".utf8),
            let decoded = Base64Text.decode(UnsafeRawBufferPointer(rebasing: header[6...]))
        else { return false }
        return isKnown(Array(decoded.prefix { $0 != UInt8(ascii: ":") }))
    }

    /// All keys are compared, and each in a time that does not tell how much of it is right.
    private func isKnown(_ key: [UInt8]) -> Bool {
        writeKeys.reduce(false) { found, known in ConstantTime.areEqual(known, key) || found }
    }

    private func refuse(_ status: Int, _ message: String) -> CollectedAnswer {
        var arena = ByteArena(capacity: 256)
        arena.append("{\"success\": false, \"message\": ")
        arena.appendJSONString(text: message)
        arena.append("}")
        return .json(status, Array(arena.bytes))
    }
}
