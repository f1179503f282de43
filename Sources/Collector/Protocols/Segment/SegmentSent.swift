import CoreIngest

/// What a request says of all its messages: when they were sent, and, for a batch, its `context` and `integrations`.
struct SegmentSent {
    private var members: [(name: StaticString, text: UnsafeRawBufferPointer)] = []

    /// `object`: the body. It borrows the view's text.
    init(_ view: JSONView, of object: Int, isBatch: Bool) {
        let names: [StaticString] = isBatch ? ["sentAt", "context", "integrations"] : ["sentAt"]
        for name in names {
            if let value = view.member(object, named: name) { members.append((name, view.text(value))) }
        }
    }

    /// Adds the context to the event that was begun; nothing where the request said nothing.
    func add(to events: inout CollectedEvents) {
        if members.isEmpty { return }
        events.scratch.truncate(to: 0)
        events.scratch.append("{")
        for (index, member) in members.enumerated() {
            if index > 0 { events.scratch.append(",") }
            events.scratch.append("\"")
            events.scratch.append(member.name)
            events.scratch.append("\":")
            events.scratch.append(member.text)
        }
        events.scratch.append("}")
        let schema = SegmentHandler.sentSchema
        events.addContext(
            schema: UnsafeRawBufferPointer(start: schema.utf8Start, count: schema.utf8CodeUnitCount),
            data: events.scratch.bytes)
    }

    /// Members of a message that are not its payload's: the write key is a credential, and when it was sent is the context's.
    static func isOwn(_ member: JSONView.Member, _ view: JSONView) -> Bool {
        let name = view.text(member.name)
        return name.elementsEqual("\"writeKey\"".utf8) || name.elementsEqual("\"sentAt\"".utf8)
    }
}
