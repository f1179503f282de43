import CoreIngest

/// Iglu's webhook: any data with the name of its schema, by GET or POST.
extension SnowplowHandler {
    /// Parameters that are the event's own, not its data's.
    private static let ownParameters = Set(
        ["schema", "aid", "cv", "eid", "nuid", "p", "ttm", "url"].map { Array($0.utf8) })

    /// The query was read into `events.form`.
    ///
    /// With `?schema=` the data are the query's other parameters, a form, a JSON object, or each element of an array; without it
    /// the body is `{"schema":…,"data":…}`, or an array of them.
    func readIglu(
        _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor, into events: inout CollectedEvents
    ) -> CollectedAnswer? {
        let schema = events.form.first("schema").map { Array(events.form.arena[$0]) }.flatMap { $0.isEmpty ? nil : $0 }
        var named = SnowplowParameters()
        for pair in events.form.fields where Self.ownParameters.contains(Array(events.form.arena[pair.name])) {
            guard let field = SnowplowField.index(of: events.form.arena[pair.name]) else { continue }
            named.set(field, events.form.arena[pair.value])
        }
        let own = IgluParameters(named)
        if request.method != .post || (request.body.isEmpty && schema != nil) {
            guard let schema else {
                return .refusal(400, "the parameter 'schema' is missing: it names the data's schema")
            }
            return addIglu(schema, form(events.form), own, request, visitor, &events)
        }
        if request.hasContentType("application/x-www-form-urlencoded") {
            events.form.read(request.body)
            let inBody = events.form.first("schema").map { Array(events.form.arena[$0]) }
            guard let schema = schema ?? inBody, !schema.isEmpty else {
                return .refusal(400, "the parameter 'schema' is missing: it names the data's schema")
            }
            return addIglu(schema, form(events.form), own, request, visitor, &events)
        }
        let view: JSONView
        do throws(JSONError) {
            view = try events.reader.read(request.body)
        } catch {
            return .refusal(400, "the body is \(error.description)")
        }
        guard view.kind(0) == .array else { return addElement(0, view, schema, own, request, visitor, &events) }
        for element in view.elements(0) {
            if let refusal = addElement(element, view, schema, own, request, visitor, &events) { return refusal }
        }
        return nil
    }

    /// The event's own parameters, of which each event of the request gets a copy.
    private struct IgluParameters {
        var values: [(field: Int, value: [UInt8])] = []

        init(_ parameters: borrowing SnowplowParameters) {
            for field in SnowplowField.all.indices {
                if let value = parameters[field] { values.append((field, Array(value))) }
            }
        }
    }

    private func addElement(
        _ element: Int, _ view: JSONView, _ schema: [UInt8]?, _ own: IgluParameters,
        _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor, _ events: inout CollectedEvents
    ) -> CollectedAnswer? {
        if let schema { return addIglu(schema, Array(view.text(element)), own, request, visitor, &events) }
        guard view.kind(element) == .object, let name = view.member(element, named: "schema"),
            let text = view.string(name), let data = view.member(element, named: "data")
        else {
            return addRaw(
                view.text(element), "it is no {\"schema\":…,\"data\":…}, and no parameter 'schema' names its schema",
                &events)
        }
        return addIglu(Array(text.utf8), Array(view.text(data)), own, request, visitor, &events)
    }

    private func addIglu(
        _ schema: [UInt8], _ data: [UInt8], _ own: IgluParameters, _ request: borrowing CollectedRequest,
        _ visitor: borrowing SnowplowVisitor, _ events: inout CollectedEvents
    ) -> CollectedAnswer? {
        var parameters = SnowplowParameters()
        for (field, value) in own.values { value.withUnsafeBytes { parameters.set(field, $0) } }
        var json = ByteArena(capacity: data.count + 256)
        json.append("{\"data\":{\"schema\":")
        schema.withUnsafeBytes { json.appendJSONString($0) }
        json.append(",\"data\":")
        json.append(data)
        json.append("}}")
        parameters.set(SnowplowParameters.event, text: "ue")
        parameters.set(SnowplowParameters.selfDescribing, json.bytes)
        if parameters[SnowplowParameters.platform] == nil { parameters.set(SnowplowParameters.platform, text: "srv") }
        parameters.set(SnowplowParameters.tracker, text: "com.snowplowanalytics.iglu-v1")
        return add(&parameters, request, visitor, &events)
    }

    /// The pairs of a form as a JSON object of strings, without the event's own.
    private func form(_ form: borrowing FormFields) -> [UInt8] {
        var json = ByteArena(capacity: 512)
        json.append(fields: form, leavingOut: Self.ownParameters)
        return Array(json.bytes)
    }
}

extension SnowplowParameters {
    mutating func set(_ field: Int, text: StaticString) {
        set(field, UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
