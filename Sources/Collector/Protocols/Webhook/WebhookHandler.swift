import CoreIngest

/// Webhooks: any JSON, form or text that is posted, under a schema of its own, or an arbitrary one.
///
/// A JSON array is one event for each element. The name of the schema is the path's: `/webhook/vendor/ns/v1.0`, with or without
/// `.json`, or an Iglu URI. Where a secret is configured for that schema the request must be signed with it, however its path
/// writes the name.
package struct WebhookHandler: ProtocolHandler {
    package let name = CollectedProtocol.webhook
    package let routes: [Route]
    private let settings: WebhookSettings
    static let arbitrarySchema: StaticString = "iglu:io.silverton/buz.hook.arbitrary/jsonschema/1-0-0"
    private let arbitrary = SchemaName(vendor: "io.silverton", name: "buz.hook.arbitrary", version: .first)

    package init(_ settings: WebhookSettings = WebhookSettings()) {
        self.settings = settings
        routes = [Route([.post], .prefix(settings.path))]
    }

    package func handle(
        _ request: borrowing CollectedRequest, into events: inout CollectedEvents
    ) -> CollectedAnswer {
        let schema: SchemaName?
        switch NamedPath(request.path, below: settings.path) {
        case .unnamed: schema = nil
        case .named(let name): schema = name
        case .malformed: return .refusal(400, NamedPath.explanation(settings.path))
        }
        let isArbitrary = schema == nil || schema == arbitrary
        let signatures = settings.signatures.filter { rule in
            isArbitrary ? rule.schema == nil || rule.schema == arbitrary : rule.schema == schema
        }
        // Of several rules for one schema one is enough: senders of two kinds may share it.
        let problems = signatures.map { $0.scheme.problem(request, secrets: $0.secrets, tolerance: $0.tolerance) }
        if let problem = problems.first, !problems.contains(nil), let problem { return .refusal(401, problem) }
        let text = schema.map { Array($0.description.utf8) }
        let problem = read(request, text, into: &events)
        guard let problem else { return .ok }
        events.rollBackRequest()
        return problem
    }

    private func read(
        _ request: borrowing CollectedRequest, _ schema: [UInt8]?, into events: inout CollectedEvents
    ) -> CollectedAnswer? {
        let type = request.headers["content-type"].map { MediaType($0) }
        if request.body.isEmpty { return .refusal(400, "the body is empty") }
        if type?.name == "application/x-www-form-urlencoded" { return readForm(request.body, schema, into: &events) }
        if type?.isText ?? false, type?.isJSON == false {
            guard String(validating: request.body, as: UTF8.self) != nil else {
                return .refusal(400, "the body is text and not UTF-8")
            }
            return add(schema, to: &events) { arena in
                arena.append("{\"text\":")
                arena.appendJSONString(request.body)
                arena.append("}")
            }
        }
        guard type?.isJSON ?? true else {
            return .refusal(
                415,
                "this content type is not known: send application/json, application/x-www-form-urlencoded or text/plain"
            )
        }
        do throws(JSONError) {
            let view = try events.reader.read(request.body)
            guard view.kind(0) == .array else { return add(schema, to: &events) { $0.append(view.text(0)) } }
            for element in view.elements(0) {
                begin(schema, &events) { $0.append(view.text(element)) }
                do throws(CollectedEvents.Refusal) {
                    try events.commitOneOfMany(name, text: view.text(element))
                } catch {
                    return .refusal(413, error.message(events.limits))
                }
            }
            return nil
        } catch {
            return .refusal(400, "the body is \(error.description)")
        }
    }

    /// A form is an object of strings. One of a single field `payload` that holds JSON is that JSON: some senders wrap it so.
    private func readForm(
        _ body: UnsafeRawBufferPointer, _ schema: [UInt8]?, into events: inout CollectedEvents
    ) -> CollectedAnswer? {
        events.form.read(body)
        if events.form.isCut { return .refusal(400, "the form has more than \(events.form.fields.count) fields") }
        if events.form.fields.count == 1, let payload = events.form.first("payload") {
            let text = Array(events.form.arena[payload])
            let isJSON = text.withUnsafeBytes { bytes -> Bool in
                do throws(JSONError) {
                    _ = try events.reader.read(bytes)
                    return true
                } catch {
                    return false
                }
            }
            if isJSON { return add(schema, to: &events) { $0.append(text) } }
        }
        var json = ByteArena(capacity: body.count + 64)
        json.append(fields: events.form)
        let text = Array(json.bytes)
        return add(schema, to: &events) { $0.append(text) }
    }

    private func begin(_ schema: [UInt8]?, _ events: inout CollectedEvents, _ payload: (inout ByteArena) -> Void) {
        events.begin(name)
        events.write(.schema) { arena in
            if let schema { arena.append(schema) } else { arena.append(Self.arbitrarySchema) }
        }
        events.write(.payload, payload)
    }

    private func add(
        _ schema: [UInt8]?, to events: inout CollectedEvents, _ payload: (inout ByteArena) -> Void
    ) -> CollectedAnswer? {
        begin(schema, &events, payload)
        do throws(CollectedEvents.Refusal) {
            try events.commit()
            return nil
        } catch {
            return .refusal(413, error.message(events.limits))
        }
    }
}
