import CoreIngest

/// Snowplow's tracker protocol: POST of `payload_data`, pixels, redirects and Iglu's webhook.
///
/// Trackers send again what is not answered with 200, some of them for ever, so what is read is answered as Snowplow's collector
/// does, and what is wrong with it is told by validation: a body that is no JSON is one invalid event, and so is each bad
/// element of a batch. Only what cannot be kept at all is refused.
package struct SnowplowHandler: ProtocolHandler {
    package let name = CollectedProtocol.snowplow
    package let routes: [Route]
    let settings: SnowplowSettings
    private let posts: Set<[UInt8]>
    private let redirectPath: [UInt8]
    private let igluPath: [UInt8]

    package init(_ settings: SnowplowSettings = SnowplowSettings()) {
        self.settings = settings
        posts = Set(settings.postPaths.map { Array($0.utf8) })
        redirectPath = Array(settings.redirectPath.utf8)
        igluPath = Array(settings.igluPath.utf8)
        var routes = settings.postPaths.map { Route([.get, .post, .options], .exact($0)) }
        routes += settings.pixelPaths.map { Route([.get, .options], .exact($0)) }
        routes.append(Route([.get], .exact(settings.redirectPath)))
        if !settings.igluPath.isEmpty { routes.append(Route([.get, .post, .options], .exact(settings.igluPath))) }
        self.routes = routes
    }

    package func handle(
        _ request: borrowing CollectedRequest, into events: inout CollectedEvents
    ) -> CollectedAnswer {
        if request.method == .options { return SnowplowAnswer.preflight(request) }
        if request.path.elementsEqual(redirectPath) { return redirect(request, into: &events) }
        let isIglu = !igluPath.isEmpty && request.path.elementsEqual(igluPath)
        events.form.read(request.query)
        let visitor = visitor(of: request, &events)
        // Headers name the visitor too.
        if visitor.isAnonymous { events.requestContexts.removeAll() }
        if !visitor.isLeftAlone {
            let refusal =
                if isIglu {
                    readIglu(request, visitor, into: &events)
                } else if request.method == .post {
                    readBody(request, visitor, into: &events)
                } else {
                    readQuery(request, visitor, into: &events)
                }
            if let refusal { return SnowplowAnswer.completed(refusal, request, visitor) }
        }
        let isPixel = request.method != .post && !isIglu
        return SnowplowAnswer.completed(isPixel ? SnowplowAnswer.pixel : SnowplowAnswer.ok, request, visitor)
    }

    /// Reads who sent the request; the query was read.
    func visitor(of request: borrowing CollectedRequest, _ events: inout CollectedEvents) -> SnowplowVisitor {
        let parameter = events.form.first("nuid").map { Array(events.form.arena[$0]) }
        return SnowplowVisitor(request, settings, parameter, &events)
    }

    // MARK: A pixel

    private func readQuery(
        _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor, into events: inout CollectedEvents
    ) -> CollectedAnswer? {
        var parameters = SnowplowParameters()
        parameters.merge(events.form)
        return add(&parameters, request, visitor, &events)
    }

    /// Adds one event; answers a refusal of the request, after which nothing of it is kept.
    func add(
        _ parameters: inout SnowplowParameters, _ request: borrowing CollectedRequest,
        _ visitor: borrowing SnowplowVisitor, _ events: inout CollectedEvents
    ) -> CollectedAnswer? {
        var writer = SnowplowEventWriter()
        return add(&parameters, &writer, request, visitor, &events)
    }

    private func add(
        _ parameters: inout SnowplowParameters, _ writer: inout SnowplowEventWriter,
        _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor, _ events: inout CollectedEvents
    ) -> CollectedAnswer? {
        do throws(CollectedEvents.Refusal) {
            try writer.write(&parameters, of: request, visitor, to: &events)
            return nil
        } catch {
            guard error == .tooLarge else { return refuse(error, &events) }
            return addCut(parameters.text.bytes, "the event has more than \(events.limits.eventBytes) bytes", &events)
        }
    }

    // MARK: A body

    private func readBody(
        _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor, into events: inout CollectedEvents
    ) -> CollectedAnswer? {
        let view: JSONView
        do throws(JSONError) {
            view = try events.reader.read(request.body)
        } catch {
            // A body of nothing but the query's parameters is what some clients send to a custom path.
            if request.body.isEmpty && !events.form.fields.isEmpty { return readQuery(request, visitor, into: &events) }
            return addCut(request.body, "the body is \(error.description)", &events)
        }
        let data = view.kind(0) == .object ? view.member(0, named: "data") : 0
        guard let data, view.kind(data) == .array else {
            return addRaw(view.text(0), "the body is no {\"schema\":…,\"data\":[…]} of payload_data", &events)
        }
        var parameters = SnowplowParameters()
        var writer = SnowplowEventWriter()
        for (index, element) in view.elements(data).enumerated() {
            let refusal: CollectedAnswer?
            if view.kind(element) == .object {
                parameters.removeAll()
                for member in view.members(element) { parameters.set(member, of: view) }
                parameters.merge(events.form)
                refusal = add(&parameters, &writer, request, visitor, &events)
            } else {
                refusal = addRaw(view.text(element), "in the body, /data/\(index) is no object", &events)
            }
            if let refusal { return refusal }
        }
        return nil
    }

    // MARK: What is no event

    /// Keeps JSON that is no event, as an invalid one.
    func addRaw(
        _ json: UnsafeRawBufferPointer, _ problem: String, _ events: inout CollectedEvents
    ) -> CollectedAnswer? {
        events.begin(.snowplow)
        events.set(.payload, json)
        events.add(problem: problem)
        return commit(&events)
    }

    /// Keeps the beginning of a text that is no JSON, or too large, as an invalid event.
    func addCut(
        _ text: UnsafeRawBufferPointer, _ problem: String, _ events: inout CollectedEvents
    ) -> CollectedAnswer? {
        do throws(CollectedEvents.Refusal) {
            try events.keepBeginning(of: text, .snowplow, problem)
            return nil
        } catch {
            return refuse(error, &events)
        }
    }

    private func commit(_ events: inout CollectedEvents) -> CollectedAnswer? {
        do throws(CollectedEvents.Refusal) {
            try events.commit()
            return nil
        } catch {
            return refuse(error, &events)
        }
    }

    private func refuse(_ refusal: CollectedEvents.Refusal, _ events: inout CollectedEvents) -> CollectedAnswer {
        let message = refusal.message(events.limits)
        events.rollBackRequest()
        return .refusal(400, message)
    }
}
