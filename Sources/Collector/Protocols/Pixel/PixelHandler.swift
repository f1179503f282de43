import CoreIngest

/// Pixels: the query of a picture's address is the event, or `hbp` holds it as JSON in base64.
///
/// The name of the schema is the path's, as for webhooks. `rto` sends the browser on, to hosts that are allowed only.
package struct PixelHandler: ProtocolHandler {
    package let name = CollectedProtocol.pixel
    package let routes: [Route]
    private let settings: PixelSettings
    static let arbitrarySchema: StaticString = "iglu:io.silverton/buz.pixel.arbitrary/jsonschema/1-0-0"
    private static let redirectParameter = Set([Array("rto".utf8)])

    /// 68 bytes: one transparent point.
    private static let pixel = CollectedAnswer(
        status: 200, contentType: "image/png",
        body: [
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
            0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x04, 0x00, 0x00, 0x00, 0xB5, 0x1C, 0x0C, 0x02, 0x00, 0x00, 0x00,
            0x0B, 0x49, 0x44, 0x41, 0x54, 0x78, 0xDA, 0x63, 0x60, 0x60, 0x00, 0x00, 0x00, 0x03, 0x00, 0x01, 0x2B, 0x09,
            0x4D, 0x84, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
        ],
        headers: [CollectedAnswer.Header("Cache-Control", "no-cache, no-store, must-revalidate")])

    package init(_ settings: PixelSettings = PixelSettings()) {
        self.settings = settings
        routes = [Route([.get], .prefix(settings.path))]
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
        events.form.read(request.query)
        if events.form.isCut { return .refusal(400, "the query has more than \(events.form.fields.count) parameters") }
        var location: String?
        if let target = events.form.first("rto") {
            location = settings.redirects.location(events.form.arena[target])
            if location == nil { return .refusal(400, "the parameter 'rto' is no URL of an allowed host") }
        }
        events.begin(name)
        events.write(.schema) { arena in
            if let schema { arena.append(text: schema.description) } else { arena.append(Self.arbitrarySchema) }
        }
        if let problem = writePayload(&events) {
            events.abandon()
            return .refusal(400, problem)
        }
        do throws(CollectedEvents.Refusal) {
            try events.commit()
        } catch {
            return .refusal(413, error.message(events.limits))
        }
        guard let location else { return Self.pixel }
        return CollectedAnswer(
            status: 302, contentType: "text/plain; charset=utf-8", body: [],
            headers: [CollectedAnswer.Header("Location", location)])
    }

    /// Answers what is wrong with `hbp`.
    private func writePayload(_ events: inout CollectedEvents) -> String? {
        if let coded = events.form.first("hbp") {
            guard let bytes = Base64Text.decode(events.form.arena[coded]) else {
                return "the parameter 'hbp' is not base64"
            }
            return bytes.withUnsafeBytes { bytes in
                do throws(JSONError) {
                    _ = try events.reader.read(bytes)
                    events.set(.payload, bytes)
                    return nil
                } catch {
                    return "the parameter 'hbp' is \(error.description)"
                }
            }
        }
        var json = ByteArena(capacity: 512)
        json.append(fields: events.form, leavingOut: Self.redirectParameter)
        events.set(.payload, json.bytes)
        return nil
    }
}
