import CoreIngest

extension CloudEventsHandler {
    /// Binary mode: each attribute is a `ce-` header, the body is the data, and `Content-Type` is `datacontenttype`.
    func readBinary(_ request: borrowing CollectedRequest, into events: inout CollectedEvents) -> String? {
        guard request.headers["ce-specversion"] != nil || request.headers["ce-id"] != nil else {
            return
                "no CloudEvent: there is no header ce-specversion, and the content type is not application/cloudevents+json"
        }
        var problems: [String] = []
        events.begin(name)
        var attributes = CloudEventsHeaders()
        for index in 0..<request.headers.count {
            let field = request.headers[index]
            if let problem = attributes.add(field.name, field.value), problems.count < 20 { problems.append(problem) }
        }
        for name in CloudEventsAttribute.required where attributes[name] == nil {
            problems.append("the header 'ce-\(name)' is missing")
        }
        let contentType = request.headers["content-type"]
        if let contentType {
            if let problem = attributes.addContentType(contentType) { problems.append(problem) }
        }
        if let problem = CloudEventsData.write(request.body, contentType.map { MediaType($0) }, into: &events) {
            problems.append(problem)
        }
        if !problems.isEmpty { return "no CloudEvent: \(problems.joined(separator: "; "))" }
        attributes.identify(&events)
        return commit(&events)
    }
}
