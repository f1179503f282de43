import CoreIngest

/// CloudEvents 1.0.2 over HTTP: structured, batch and binary mode, and the handshake of its webhooks.
///
/// The attributes become a context, extensions included; `dataschema` names the schema of the data, which are the payload.
/// A single event that breaks the specification is refused with all that is wrong with it. In a batch, which has one answer for
/// all, it is kept as an invalid event, and its neighbours are taken.
package struct CloudEventsHandler: ProtocolHandler {
    package let name = CollectedProtocol.cloudevents
    package let routes: [Route]
    let settings: CloudEventsSettings

    package init(_ settings: CloudEventsSettings = CloudEventsSettings()) {
        self.settings = settings
        routes = [Route([.post, .options], .exact(settings.path))]
    }

    package func handle(
        _ request: borrowing CollectedRequest, into events: inout CollectedEvents
    ) -> CollectedAnswer {
        if request.method == .options { return handshake(request) }
        let problem: String? =
            switch CloudEventsMode(contentType: request.headers["content-type"]) {
            case .binary: readBinary(request, into: &events)
            case .structured: readStructured(request.body, into: &events)
            case .batch: readBatch(request.body, into: &events)
            case .unknownFormat: nil
            }
        if CloudEventsMode(contentType: request.headers["content-type"]) == .unknownFormat {
            return .refusal(
                415,
                "this format of CloudEvents is not known: send application/cloudevents+json, application/cloudevents-batch+json, or binary mode"
            )
        }
        guard let problem else { return .ok }
        events.rollBackRequest()
        return .refusal(400, problem)
    }

    // MARK: JSON

    private func readStructured(_ body: UnsafeRawBufferPointer, into events: inout CollectedEvents) -> String? {
        do throws(JSONError) {
            let view = try events.reader.read(body)
            guard view.kind(0) == .object else { return "the body is no JSON object" }
            events.begin(name)
            var event = CloudEventsObject(view, 0)
            event.read(into: &events)
            let isBuz = view.member(0, named: "specversion") == nil && !settings.requiresSpecificationVersion
            if !event.problems.isEmpty && !isBuz { return "no CloudEvent: \(event.problems.joined(separator: "; "))" }
            for problem in event.problems { events.add(problem: problem) }
            return commit(&events)
        } catch {
            return "the body is \(error.description)"
        }
    }

    private func readBatch(_ body: UnsafeRawBufferPointer, into events: inout CollectedEvents) -> String? {
        do throws(JSONError) {
            let view = try events.reader.read(body)
            guard view.kind(0) == .array else { return "the body is no JSON array of events" }
            for (index, element) in view.elements(0).enumerated() {
                events.begin(name)
                if view.kind(element) == .object {
                    var event = CloudEventsObject(view, element)
                    event.read(into: &events)
                    for problem in event.problems { events.add(problem: problem) }
                } else {
                    events.set(.payload, view.text(element))
                    events.add(problem: "in the body, /\(index) is no object")
                }
                do throws(CollectedEvents.Refusal) {
                    try events.commitOneOfMany(name, text: view.text(element))
                } catch {
                    return error.message(events.limits)
                }
            }
            return nil
        } catch {
            return "the body is \(error.description)"
        }
    }

    func commit(_ events: inout CollectedEvents) -> String? {
        do throws(CollectedEvents.Refusal) {
            try events.commit()
            return nil
        } catch {
            return error.message(events.limits)
        }
    }

    // MARK: Handshake

    /// Answers who asks whether it may deliver here (CloudEvents' webhook specification, section 4).
    private func handshake(_ request: borrowing CollectedRequest) -> CollectedAnswer {
        guard let sent = request.headers["webhook-request-origin"] else {
            return .refusal(400, "the header WebHook-Request-Origin is missing: it names who wants to deliver")
        }
        let origin = String(decoding: sent, as: UTF8.self)
        guard settings.allowedOrigins.contains("*") || settings.allowedOrigins.contains(origin) else {
            return .refusal(403, "this origin may not deliver here")
        }
        let rate = settings.allowedRate.map { String($0) } ?? "*"
        return CollectedAnswer(
            status: 200, contentType: "text/plain; charset=utf-8", body: [],
            headers: [
                CollectedAnswer.Header("WebHook-Allowed-Origin", origin),
                CollectedAnswer.Header("WebHook-Allowed-Rate", rate), CollectedAnswer.Header("Allow", "POST"),
            ])
    }
}
