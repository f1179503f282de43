import CoreIngest

/// Self-describing JSON: `{"contexts":{SCHEMA:{…}},"payload":{"schema":SCHEMA,"data":{…}}}`, one or an array of them.
///
/// A text that is not JSON, or an element that is no such object, refuses the request as a whole: there is no answer for a part of
/// it. What lacks a schema's name, or names an unknown one, is kept, and validation says so. A context's value may be an array
/// of several of the same schema.
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
        let mark = events.mark
        do throws(JSONError) {
            let view = try events.reader.read(request.body)
            var problem: String?
            if view.kind(0) == .array {
                for (index, element) in view.elements(0).enumerated() where problem == nil {
                    problem = add(element, in: view, index: index, to: &events)
                }
            } else {
                problem = add(0, in: view, index: nil, to: &events)
            }
            guard let problem else { return .ok }
            events.rollBack(to: mark)
            return .refusal(400, problem)
        } catch {
            return .refusal(400, "the body is \(error.description)")
        }
    }

    /// Adds one event; answers what is wrong with it, and where. `index`: its place in the array, where there is one.
    private func add(
        _ value: Int, in view: JSONView, index: Int?, to events: inout CollectedEvents
    ) -> String? {
        guard view.kind(value) == .object else { return problem(index, [], "is no object") }
        guard let payload = view.member(value, named: settings.payloadKey) else {
            return problem(index, [], "has no member '\(settings.payloadKey)'")
        }
        guard view.kind(payload) == .object else { return problem(index, [settings.payloadKey], "is no object") }
        guard let data = view.member(payload, named: settings.dataKey) else {
            return problem(index, [settings.payloadKey], "has no member '\(settings.dataKey)'")
        }
        events.begin(name)
        if let schema = view.member(payload, named: settings.schemaKey), view.kind(schema) != .null {
            guard events.set(.schema, stringOf: schema, in: view) else {
                return problem(index, [settings.payloadKey, settings.schemaKey], "is no string")
            }
        }
        events.set(.payload, view.text(data))
        if let contexts = view.member(value, named: settings.contextsKey), view.kind(contexts) != .null {
            guard view.kind(contexts) == .object else {
                return problem(index, [settings.contextsKey], "is no object of contexts by schema")
            }
            addContexts(contexts, in: view, to: &events)
        }
        do throws(CollectedEvents.Refusal) {
            try events.commit()
            return nil
        } catch {
            return problem(index, [], "cannot be taken: \(error.message(events.limits))")
        }
    }

    private func addContexts(_ contexts: Int, in view: JSONView, to events: inout CollectedEvents) {
        for member in view.members(contexts) {
            if view.kind(member.value) == .array {
                for one in view.elements(member.value) { events.addContext(schema: member.name, data: one, in: view) }
            } else {
                events.addContext(schema: member.name, data: member.value, in: view)
            }
        }
    }

    private func problem(_ index: Int?, _ keys: [String], _ what: String) -> String {
        let pointer = ((index.map { ["\($0)"] } ?? []) + keys).map { "/" + $0 }.joined()
        return pointer.isEmpty ? "the body \(what)" : "in the body, \(pointer) \(what)"
    }
}
