import CoreIngest

/// Writes what of a request goes into every event of it: `{"client":"…","identity":"…","headers":{"user-agent":"…"}}`.
struct RequestContext: Sendable {
    private let settings: RequestContextSettings
    private let headers: [[UInt8]]
    private static let schema = Array("iglu:io.silverton.buz/request/jsonschema/1-0-0".utf8)

    /// Fields that may hold credentials are left out, whatever the settings say.
    init(_ settings: RequestContextSettings) {
        self.settings = settings
        headers = settings.headers.map { $0.lowercased() }.filter { !HeaderNames.mayHoldCredentials($0) }
            .map { Array($0.utf8) }
    }

    func add(_ request: borrowing CollectedRequest, to events: inout CollectedEvents) {
        let identity = settings.includesIdentity ? request.identity : nil
        guard settings.includesClient || !headers.isEmpty || identity != nil else { return }
        // Who wishes to be anonymous has no address in the events.
        let client = settings.includesClient && request.headers["sp-anonymous"] == nil ? request.client : nil
        var context = ByteArena(capacity: 512)
        context.append("{")
        if let client { Self.member("client", client, to: &context) }
        if let identity { Self.member("identity", identity, to: &context) }
        if !headers.isEmpty { addHeaders(request.headers, to: &context) }
        context.append("}")
        Self.schema.withUnsafeBytes { events.requestContexts.append(schema: $0, data: context.bytes, isOwn: true) }
    }

    private func addHeaders(_ fields: HeaderFields, to context: inout ByteArena) {
        if context.count > 1 { context.append(",") }
        context.append("\"headers\":{")
        let start = context.count
        for name in headers {
            // Of several with one name the first is kept.
            for index in 0..<fields.count {
                let field = fields[index]
                guard field.name.count == name.count,
                    name.withUnsafeBytes({ HeaderFields.isSame(field.name, lowercase: $0) })
                else { continue }
                if context.count > start { context.append(",") }
                name.withUnsafeBytes { context.appendJSONString($0) }
                context.append(":")
                _ = context.appendJSONString(repairing: field.value)
                break
            }
        }
        context.append("}")
    }

    private static func member(_ name: StaticString, _ value: UnsafeRawBufferPointer, to context: inout ByteArena) {
        if context.count > 1 { context.append(",") }
        context.append("\"")
        context.append(name)
        context.append("\":")
        _ = context.appendJSONString(repairing: value)
    }
}
