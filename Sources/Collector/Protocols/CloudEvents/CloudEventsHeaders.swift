import CoreIngest

/// The attributes of an event in binary mode, decoded.
struct CloudEventsHeaders: ~Copyable {
    private var text = ByteArena(capacity: 1024)
    private var attributes: [(name: String, value: ByteRange)] = []
    /// Headers of one event; the head of a request is bounded as well.
    private static let most = 200

    /// The value of an attribute.
    subscript(_ name: String) -> ByteRange? { attributes.first { $0.name == name }?.value }

    /// Takes a header when it is one of an event; answers what is wrong with it.
    mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> String? {
        guard name.count > 3, HeaderFields.lowered(name[0]) == UInt8(ascii: "c"),
            HeaderFields.lowered(name[1]) == UInt8(ascii: "e"), name[2] == UInt8(ascii: "-")
        else { return nil }
        let attribute = String(decoding: name[3...].map(HeaderFields.lowered), as: UTF8.self)
        if attribute == "datacontenttype" { return "'ce-datacontenttype' must not be sent: Content-Type says it" }
        if self[attribute] != nil { return "an attribute is sent twice" }
        guard attributes.count < Self.most else { return "there are more than \(Self.most) attributes" }
        let start = text.count
        Self.decode(value, into: &text)
        let range = ByteRange(from: start, to: text.count)
        guard String(validating: text[range], as: UTF8.self) != nil else {
            text.truncate(to: start)
            return "an attribute's value is not UTF-8 after percent-decoding"
        }
        let problem = Array(attribute.utf8).withUnsafeBytes { CloudEventsAttribute.problem($0, text[range]) }
        if problem == nil || !attribute.isEmpty { attributes.append((attribute, range)) }
        return problem
    }

    mutating func addContentType(_ value: UnsafeRawBufferPointer) -> String? {
        guard MediaType(value).isWellFormed, String(validating: value, as: UTF8.self) != nil else {
            return "Content-Type is no media type"
        }
        let start = text.count
        text.append(value)
        attributes.append(("datacontenttype", ByteRange(from: start, to: text.count)))
        return nil
    }

    /// Sets what the attributes say of the event that was begun, and adds them as its context.
    func identify(_ events: inout CollectedEvents) {
        events.scratch.truncate(to: 0)
        events.scratch.append("{")
        for (index, attribute) in attributes.enumerated() {
            if index > 0 { events.scratch.append(",") }
            events.scratch.appendJSONString(text: attribute.name)
            events.scratch.append(":")
            events.scratch.appendJSONString(text[attribute.value])
        }
        events.scratch.append("}")
        let schema = CloudEventsObject.schema
        events.addContext(
            schema: UnsafeRawBufferPointer(start: schema.utf8Start, count: schema.utf8CodeUnitCount),
            data: events.scratch.bytes)
        if let schema = self["dataschema"] { events.set(.schema, text[schema]) }
        if let key = self["partitionkey"] { events.set(.key, text[key]) }
        if let time = self["time"].flatMap({ TimeText.microseconds(text[$0]) }) { events.set(timestamp: time) }
        guard let id = self["id"], let source = self["source"] else { return }
        events.scratch.truncate(to: 0)
        events.scratch.append(text[source])
        events.scratch.append(0)
        events.scratch.append(text[id])
        events.set(.deduplication, events.scratch.bytes)
        if let uuid = EventUUID(text[id]) { events.set(uuid: uuid) }
    }

    /// Takes double quotes off, and one round of percent-encoding (HTTP protocol binding, section 3.1.3.2).
    private static func decode(_ value: UnsafeRawBufferPointer, into text: inout ByteArena) {
        guard value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") else {
            PercentText.append(value, plusIsSpace: false, to: &text)
            return
        }
        var plain = ByteArena(capacity: value.count)
        var index = 1
        while index < value.count - 1 {
            if value[index] == UInt8(ascii: "\\"), index + 1 < value.count - 1 { index += 1 }
            plain.append(value[index])
            index += 1
        }
        PercentText.append(plain.bytes, plusIsSpace: false, to: &text)
    }
}
