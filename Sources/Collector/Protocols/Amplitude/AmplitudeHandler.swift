import CoreIngest

/// Amplitude's HTTP V2 API and its batch API.
///
/// Each event is kept as it came. Amplitude takes a request whole or not at all, and says by index which of its events are to
/// be left out; the clients then send the others again. So does this: a bad event costs its neighbours no more than that.
package struct AmplitudeHandler: ProtocolHandler {
    package let name = CollectedProtocol.amplitude
    package let routes: [Route]
    private let settings: AmplitudeSettings
    private let batchPath: [UInt8]
    private let apiKeys: Set<[UInt8]>
    static let schema: StaticString = "iglu:io.silverton/amplitude.event/jsonschema/1-0-0"

    package init(_ settings: AmplitudeSettings = AmplitudeSettings()) {
        self.settings = settings
        batchPath = Array(settings.batchPath.utf8)
        apiKeys = Set(settings.apiKeys.map { Array($0.utf8) })
        routes = [Route([.post], .exact(settings.path)), Route([.post], .exact(settings.batchPath))]
    }

    package func handle(
        _ request: borrowing CollectedRequest, into events: inout CollectedEvents
    ) -> CollectedAnswer {
        let isBatch = request.path.elementsEqual(batchPath)
        guard request.body.count <= (isBatch ? settings.batchBytes : settings.bodyBytes) else {
            return AmplitudeAnswer.refusal(413, "Payload too large")
        }
        let view: JSONView
        do throws(JSONError) {
            view = try events.reader.read(request.body)
        } catch {
            return AmplitudeAnswer.refusal(400, "Invalid JSON request body: \(error.description)")
        }
        guard view.kind(0) == .object else {
            return AmplitudeAnswer.refusal(400, "Invalid JSON request body: it is no object")
        }
        guard let key = view.member(0, named: "api_key"), view.kind(key) == .string else {
            return AmplitudeAnswer.refusal(400, "Request missing required field", missing: "api_key")
        }
        guard isKnown(key, view) else { return AmplitudeAnswer.refusal(400, "Invalid API key") }
        guard let list = view.member(0, named: "events"), view.kind(list) == .array else {
            return AmplitudeAnswer.refusal(400, "Request missing required field", missing: "events")
        }
        guard view.count(list) <= settings.eventsPerRequest else {
            return AmplitudeAnswer.refusal(413, "Payload too large: more than \(settings.eventsPerRequest) events")
        }
        let faults = add(list, view, idLength(view), to: &events)
        guard faults.isEmpty else {
            events.rollBackRequest()
            return AmplitudeAnswer.refusal(faults)
        }
        return AmplitudeAnswer.success(events: view.count(list), bytes: request.body.count, time: request.receivedAt)
    }

    private func add(
        _ list: Int, _ view: JSONView, _ idLength: Int, to events: inout CollectedEvents
    ) -> AmplitudeFaults {
        var faults = AmplitudeFaults()
        for (index, event) in view.elements(list).enumerated() {
            guard view.kind(event) == .object else {
                faults.add(.invalid, "event_type", index)
                continue
            }
            let isGood = faults.check(event, view, index: index, idLength: idLength)
            // With a fault in it the request is refused, and the others need only be checked.
            guard isGood, faults.isEmpty else { continue }
            events.begin(name)
            events.write(.schema) { $0.append(Self.schema) }
            events.set(payload: event, in: view)
            identify(event, view, &events)
            do throws(CollectedEvents.Refusal) {
                try events.commit()
            } catch {
                faults.add(.invalid, error == .tooLarge ? "event too large" : "events", index)
            }
        }
        return faults
    }

    private func identify(_ event: Int, _ view: JSONView, _ events: inout CollectedEvents) {
        var text = ByteArena(capacity: 64)
        if let id = view.member(event, named: "insert_id"), view.appendString(id, to: &text), text.count > 0 {
            if let uuid = EventUUID(text.bytes) { events.set(uuid: uuid) }
            // An insert_id is unique for a device.
            text.append(0)
            if let device = view.member(event, named: "device_id") { _ = view.appendString(device, to: &text) }
            events.set(.deduplication, text.bytes)
        }
        for name: StaticString in ["user_id", "device_id"] {
            text.truncate(to: 0)
            if let id = view.member(event, named: name), view.appendString(id, to: &text), text.count > 0 {
                events.set(.key, text.bytes)
                break
            }
        }
        if let time = view.member(event, named: "time").flatMap({ view.number($0) }).flatMap({
            TimeText.milliseconds($0)
        }) {
            events.set(timestamp: time)
        }
    }

    private func idLength(_ view: JSONView) -> Int {
        guard let options = view.member(0, named: "options"), let length = view.member(options, named: "min_id_length"),
            let value = view.integer(length), (1...1000).contains(value)
        else { return settings.idLength }
        return value
    }

    /// All keys are compared, and each in a time that does not tell how much of it is right.
    private func isKnown(_ key: Int, _ view: JSONView) -> Bool {
        if apiKeys.isEmpty { return true }
        var text = ByteArena(capacity: 64)
        _ = view.appendString(key, to: &text)
        let sent = Array(text.bytes)
        return apiKeys.reduce(false) { found, known in ConstantTime.areEqual(known, sent) || found }
    }
}
