import CoreIngest

/// Makes one event of parameters: payload and schema by its type, the canonical fields as a context, and the client's contexts.
///
/// What cannot be read is kept as it came, under `parameters` of the canonical fields, and the event says what is wrong with it.
struct SnowplowEventWriter: ~Copyable {
    static let canonicalSchema: StaticString = "iglu:io.silverton/snowplow.event/jsonschema/1-0-0"

    private var writer = SnowplowFieldWriter()
    private var decoded = ByteArena(capacity: 1024)

    /// Adds the event of `parameters` to `events`.
    mutating func write(
        _ parameters: inout SnowplowParameters, of request: borrowing CollectedRequest,
        _ visitor: borrowing SnowplowVisitor, to events: inout CollectedEvents
    ) throws(CollectedEvents.Refusal) {
        complete(&parameters, of: request, visitor)
        events.begin(.snowplow)
        let type = parameters[SnowplowParameters.event].flatMap { SnowplowEventType($0) }
        if type == nil {
            let isMissing = parameters[SnowplowParameters.event] == nil
            events.add(
                problem: isMissing
                    ? "the parameter 'e' is missing: it names the type of the event"
                    : "the parameter 'e' is none of pv, pp, se, ue, tr, ti and ad")
            if !isMissing { parameters.keep("e", SnowplowParameters.event) }
        }
        writePayload(type, &parameters, to: &events)
        addContexts(&parameters, to: &events)
        writeCanonical(type, parameters, request, to: &events)
        identify(parameters, in: &events)
        try events.commit()
    }

    /// Fills in what the request says and the tracker has not said.
    private mutating func complete(
        _ parameters: inout SnowplowParameters, of request: borrowing CollectedRequest,
        _ visitor: borrowing SnowplowVisitor
    ) {
        if parameters[SnowplowParameters.userAgent] == nil, let agent = request.headers["user-agent"] {
            decoded.truncate(to: 0)
            decoded.append(agent)
            decoded.repairUTF8(from: 0)
            parameters.set(SnowplowParameters.userAgent, decoded.bytes)
        }
        if visitor.isAnonymous {
            parameters.unset(SnowplowParameters.address)
            parameters.unset(SnowplowParameters.networkUser)
        } else if parameters[SnowplowParameters.address] == nil {
            parameters.set(SnowplowParameters.address, request.client)
        }
        if parameters[SnowplowParameters.networkUser] == nil, let user = visitor.networkUser {
            user.withUnsafeBytes { parameters.set(SnowplowParameters.networkUser, $0) }
        }
    }

    // MARK: Payload

    private mutating func writePayload(
        _ type: SnowplowEventType?, _ parameters: inout SnowplowParameters, to events: inout CollectedEvents
    ) {
        guard let type else {
            events.write(.payload) { $0.append("{}") }
            return
        }
        guard let group = type.payload, let schema = type.schema else {
            readSelfDescribing(&parameters, into: &events)
            return
        }
        writer.begin()
        for field in SnowplowField.all.indices where SnowplowField.all[field].group == group {
            if let text = parameters[field] { writer.field(field, text) }
        }
        writer.end()
        events.write(.schema) { $0.append(schema) }
        events.set(.payload, writer.json.bytes)
    }

    private mutating func readSelfDescribing(_ parameters: inout SnowplowParameters, into events: inout CollectedEvents)
    {
        let (plain, coded) = (SnowplowParameters.selfDescribing, SnowplowParameters.selfDescribingBase64)
        if parameters[plain] == nil && parameters[coded] == nil {
            events.add(problem: "neither 'ue_pr' nor 'ue_px' holds the self-describing event")
            events.write(.payload) { $0.append("{}") }
            return
        }
        do throws(SnowplowProblem) {
            let (name, bytes) = try text(parameters, plain, coded)
            let view = try read(name, bytes, &events)
            guard let event = view.member(0, named: "data"), view.kind(event) == .object,
                let schema = view.member(event, named: "schema"), view.kind(schema) == .string,
                let data = view.member(event, named: "data")
            else { throw SnowplowProblem("'\(name)' holds no {\"schema\":…,\"data\":{\"schema\":…,\"data\":…}}") }
            events.set(.schema, stringOf: schema, in: view)
            events.set(payload: data, in: view)
        } catch {
            events.add(problem: error.text)
            if parameters[plain] != nil { parameters.keep("ue_pr", plain) }
            if parameters[coded] != nil { parameters.keep("ue_px", coded) }
            events.write(.payload) { $0.append("{}") }
        }
    }

    // MARK: Contexts

    private mutating func addContexts(_ parameters: inout SnowplowParameters, to events: inout CollectedEvents) {
        let (plain, coded) = (SnowplowParameters.contexts, SnowplowParameters.contextsBase64)
        guard parameters[plain] != nil || parameters[coded] != nil else { return }
        do throws(SnowplowProblem) {
            let (name, bytes) = try text(parameters, plain, coded)
            let view = try read(name, bytes, &events)
            guard let data = view.member(0, named: "data"), view.kind(data) == .array else {
                throw SnowplowProblem("'\(name)' holds no {\"schema\":…,\"data\":[…]}")
            }
            guard view.count(data) < events.limits.contexts else {
                throw SnowplowProblem("'\(name)' holds more than \(events.limits.contexts - 1) contexts")
            }
            for (index, entry) in view.elements(data).enumerated() {
                guard view.kind(entry) == .object, let schema = view.member(entry, named: "schema"),
                    view.kind(schema) == .string, let value = view.member(entry, named: "data")
                else { throw SnowplowProblem("in '\(name)', /data/\(index) is no {\"schema\":…,\"data\":…}") }
                events.addContext(schema: schema, data: value, in: view)
            }
        } catch {
            // Contexts before the bad one stay; the whole text is kept with it.
            events.add(problem: error.text)
            if parameters[plain] != nil { parameters.keep("co", plain) }
            if parameters[coded] != nil { parameters.keep("cx", coded) }
        }
    }

    /// The JSON text of a parameter that comes plain or in base64; one of both is set.
    private mutating func text(
        _ parameters: borrowing SnowplowParameters, _ plain: Int, _ coded: Int
    ) throws(SnowplowProblem) -> (name: String, bytes: UnsafeRawBufferPointer) {
        if let text = parameters[plain] { return (SnowplowField.all[plain].column, text) }
        let name = SnowplowField.all[coded].column
        guard let text = parameters[coded] else { throw SnowplowProblem("'\(name)' is missing") }
        decoded.truncate(to: 0)
        if let offset = Base64Text.append(text, to: &decoded) {
            throw SnowplowProblem("'\(name)' is not base64 (byte \(offset))")
        }
        return (name, decoded.bytes)
    }

    private func read(
        _ name: String, _ bytes: UnsafeRawBufferPointer, _ events: inout CollectedEvents
    ) throws(SnowplowProblem) -> JSONView {
        do throws(JSONError) {
            let view = try events.innerReader.read(bytes)
            return view
        } catch {
            throw SnowplowProblem("'\(name)' is \(error.description)")
        }
    }

    // MARK: The canonical fields

    private mutating func writeCanonical(
        _ type: SnowplowEventType?, _ parameters: borrowing SnowplowParameters, _ request: borrowing CollectedRequest,
        to events: inout CollectedEvents
    ) {
        let payload = type?.payload
        writer.begin()
        if let type {
            writer.name("event")
            writer.text(UnsafeRawBufferPointer(start: type.name.utf8Start, count: type.name.utf8CodeUnitCount))
        }
        for (index, field) in SnowplowField.all.enumerated() {
            // What a page view is about is also where every other event happened.
            if field.group != .common, field.group == payload, field.group != .page { continue }
            if case .special = field.kind { continue }
            if let text = parameters[index] { writer.field(index, text) }
        }
        writer.time("collector_tstamp", request.receivedAt)
        writer.time("derived_tstamp", Self.derivedTime(parameters, request.receivedAt))
        if !parameters.unknown.isEmpty {
            writer.open("parameters")
            for parameter in parameters.unknown {
                writer.name(text: parameters.text[parameter.name])
                if parameter.isJSON {
                    writer.raw(parameters.text[parameter.value])
                } else {
                    writer.text(parameters.text[parameter.value])
                }
            }
            writer.close()
        }
        writer.end()
        events.addContext(
            schema: UnsafeRawBufferPointer(
                start: Self.canonicalSchema.utf8Start, count: Self.canonicalSchema.utf8CodeUnitCount),
            data: writer.json.bytes)
    }

    /// `true_tstamp`, else the collector's time less what passed between creating and sending on the device. A device that says it
    /// sent before it created (some trackers cut the milliseconds off `stm`) is taken to have sent at once.
    private static func derivedTime(_ parameters: borrowing SnowplowParameters, _ receivedAt: Int64) -> Int64 {
        if let time = parameters[SnowplowParameters.trueTime].flatMap({ TimeText.milliseconds($0) }) { return time }
        guard let created = parameters[SnowplowParameters.created].flatMap({ TimeText.milliseconds($0) }),
            let sent = parameters[SnowplowParameters.sent].flatMap({ TimeText.milliseconds($0) }), sent > created
        else { return receivedAt }
        return receivedAt - (sent - created)
    }

    private func identify(_ parameters: borrowing SnowplowParameters, in events: inout CollectedEvents) {
        if let id = parameters[SnowplowParameters.eventID] {
            events.set(.deduplication, id)
            if let uuid = EventUUID(id) { events.set(uuid: uuid) }
        }
        let time = parameters[SnowplowParameters.trueTime] ?? parameters[SnowplowParameters.created]
        if let time = time.flatMap({ TimeText.milliseconds($0) }) { events.set(timestamp: time) }
        if let key = parameters[SnowplowParameters.domainUser] ?? parameters[SnowplowParameters.user]
            ?? parameters[SnowplowParameters.networkUser]
        {
            events.set(.key, key)
        }
    }
}

/// What is wrong with a parameter, in one line without its value.
struct SnowplowProblem: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
