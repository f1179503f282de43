import CoreIngest

/// Self-describing JSON: `{"contexts":{SCHEMA:{…}},"payload":{"schema":SCHEMA,"data":{…}}}`, one or an array of them.
///
/// A text that is not JSON refuses the request, and so does a single value that is no such object. In an array, which has one
/// answer for all, what is no event is kept as an invalid one with what is wrong, and its neighbours are taken. What lacks a
/// schema's name, or names an unknown one, is kept, and validation says so. A context's value may be an array of several of the
/// same schema.
package struct SelfDescribingHandler: ProtocolHandler {
    package let name = CollectedProtocol.selfDescribing
    package let routes: [Route]
    private let settings: SelfDescribingSettings

    package init(_ settings: SelfDescribingSettings = SelfDescribingSettings()) {
        self.settings = settings
        routes = [Route([.post], .exact(settings.path))]
    }

    package func handle(
        _ request: borrowing CollectedRequest, into events: inout CollectedEvents
    ) -> CollectedAnswer {
        let view: JSONView
        do throws(JSONError) {
            view = try events.reader.read(request.body)
        } catch {
            return .refusal(400, "the body is \(error.description)")
        }
        do throws(CollectedEvents.Refusal) {
            if view.kind(0) == .array {
                for (index, element) in view.elements(0).enumerated() {
                    events.begin(name)
                    if let problem = read(element, in: view, at: "/\(index)", into: &events) {
                        keep(element, in: view, problem, &events)
                    }
                    try events.commitOneOfMany(name, text: view.text(element))
                }
            } else {
                events.begin(name)
                if let problem = read(0, in: view, at: "", into: &events) {
                    events.abandon()
                    return .refusal(400, problem)
                }
                try events.commit()
            }
            return .ok
        } catch {
            events.rollBackRequest()
            return .refusal(error == .tooManyEvents || error == .tooLarge ? 413 : 400, error.message(events.limits))
        }
    }

    /// Keeps an element that is no event as it came.
    private func keep(_ element: Int, in view: JSONView, _ problem: String, _ events: inout CollectedEvents) {
        events.begin(name)
        events.set(.payload, view.text(element))
        events.add(problem: problem)
    }

    /// Reads one event; answers what makes it none, and where.
    private func read(
        _ value: Int, in view: JSONView, at pointer: String, into events: inout CollectedEvents
    ) -> String? {
        guard view.kind(value) == .object else { return problem(pointer, "is no object") }
        guard let payload = view.member(value, named: settings.payloadKey) else {
            return problem(pointer, "has no member '\(settings.payloadKey)'")
        }
        let payloadPointer = "\(pointer)/\(settings.payloadKey)"
        guard view.kind(payload) == .object else { return problem(payloadPointer, "is no object") }
        guard let data = view.member(payload, named: settings.dataKey) else {
            return problem(payloadPointer, "has no member '\(settings.dataKey)'")
        }
        if let schema = view.member(payload, named: settings.schemaKey), view.kind(schema) != .null {
            guard events.set(.schema, stringOf: schema, in: view) else {
                return problem("\(payloadPointer)/\(settings.schemaKey)", "is no string")
            }
        }
        events.set(payload: data, in: view)
        guard let contexts = view.member(value, named: settings.contextsKey), view.kind(contexts) != .null else {
            return nil
        }
        guard view.kind(contexts) == .object else {
            return problem("\(pointer)/\(settings.contextsKey)", "is no object of contexts by schema")
        }
        for member in view.members(contexts) {
            if view.kind(member.value) == .array {
                for one in view.elements(member.value) {
                    events.addContext(schema: member.name, data: one, in: view)
                }
            } else {
                events.addContext(schema: member.name, data: member.value, in: view)
            }
        }
        return nil
    }

    private func problem(_ pointer: String, _ what: String) -> String {
        pointer.isEmpty ? "the body \(what)" : "in the body, \(pointer) \(what)"
    }
}
