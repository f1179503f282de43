import CoreIngest

extension SnowplowHandler {
    /// `/r/tp2?u=URL`: tells of a click and sends the browser on, to hosts that are allowed only.
    func redirect(_ request: borrowing CollectedRequest, into events: inout CollectedEvents) -> CollectedAnswer {
        guard !settings.redirects.isEmpty else { return .text(404, "redirects disabled") }
        events.form.read(request.query)
        guard let value = events.form.first("u") else {
            return .refusal(400, "the parameter 'u' is missing: it names where to go")
        }
        guard let location = settings.redirects.location(events.form.arena[value]) else {
            return .refusal(400, "the parameter 'u' is no URL of an allowed host")
        }
        let visitor = visitor(of: request, &events)
        if visitor.isAnonymous { events.requestContexts.removeAll() }
        if !visitor.isLeftAlone, let refusal = addClick(request, visitor, location, into: &events) { return refusal }
        let answer = CollectedAnswer(
            status: 302, contentType: "text/plain; charset=utf-8", body: [],
            headers: [CollectedAnswer.Header("Location", location)])
        return SnowplowAnswer.completed(answer, request, visitor)
    }

    /// An event of its own, or, where the query holds an event already, a context of that.
    private func addClick(
        _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor, _ location: String,
        into events: inout CollectedEvents
    ) -> CollectedAnswer? {
        var parameters = SnowplowParameters()
        parameters.merge(events.form, leavingOut: [Array("u".utf8)])
        let schema = "iglu:com.snowplowanalytics.snowplow/uri_redirect/jsonschema/1-0-0"
        var json = ByteArena(capacity: location.utf8.count + 256)
        if parameters[SnowplowParameters.event] == nil {
            parameters.set(SnowplowParameters.event, text: "ue")
            json.append("{\"data\":{\"schema\":\"")
            json.append(text: schema)
            json.append("\",\"data\":{\"uri\":")
            json.appendJSONString(text: location)
            json.append("}}}")
            parameters.set(SnowplowParameters.selfDescribing, json.bytes)
            parameters.unset(SnowplowParameters.selfDescribingBase64)
        } else {
            json.append("{\"uri\":")
            json.appendJSONString(text: location)
            json.append("}")
            events.requestContexts.append(text: schema, data: json.bytes)
        }
        if parameters[SnowplowParameters.platform] == nil { parameters.set(SnowplowParameters.platform, text: "web") }
        if parameters[SnowplowParameters.tracker] == nil { parameters.set(SnowplowParameters.tracker, text: "r-tp2") }
        return add(&parameters, request, visitor, &events)
    }
}

extension CollectedContexts {
    /// Adds one whose schema's name is a string.
    mutating func append(text schema: String, data: UnsafeRawBufferPointer) {
        Array(schema.utf8).withUnsafeBytes { append(schema: $0, data: data) }
    }
}
