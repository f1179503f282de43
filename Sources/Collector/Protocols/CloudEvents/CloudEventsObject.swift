import CoreIngest

/// One event in JSON (CloudEvents' JSON format): its attributes, and its data.
struct CloudEventsObject {
    static let schema: StaticString = "iglu:io.cloudevents/attributes/jsonschema/1-0-0"

    private let view: JSONView
    private let object: Int
    /// What breaks the specification.
    private(set) var problems: [String] = []
    private static let mostProblems = 20

    init(_ view: JSONView, _ object: Int) {
        self.view = view
        self.object = object
    }

    /// Sets the parts of the event that was begun.
    mutating func read(into events: inout CollectedEvents) {
        readAttributes(into: &events)
        readData(into: &events)
    }

    private mutating func add(_ problem: String) {
        if problems.count < Self.mostProblems { problems.append(problem) }
    }

    /// A member that is set; null is as if it were not there.
    private func member(_ name: StaticString) -> Int? {
        view.member(object, named: name).flatMap { view.kind($0) == .null ? nil : $0 }
    }

    // MARK: Attributes

    private mutating func readAttributes(into events: inout CollectedEvents) {
        events.scratch.truncate(to: 0)
        events.scratch.append("{")
        var text = ByteArena(capacity: 256)
        for member in view.members(object) where view.kind(member.value) != .null {
            text.truncate(to: 0)
            _ = view.appendString(member.name, to: &text)
            let length = text.count
            if Self.isData(text.bytes) { continue }
            check(member.value, &text, nameLength: length)
            if events.scratch.count > 1 { events.scratch.append(",") }
            events.scratch.append(view.text(member.name))
            events.scratch.append(":")
            events.scratch.append(view.text(member.value))
        }
        events.scratch.append("}")
        for name in CloudEventsAttribute.required
        where view.member(object, named: name).map({ view.kind($0) }) ?? .null == .null {
            add("the attribute '\(name)' is missing")
        }
        events.addContext(
            schema: UnsafeRawBufferPointer(start: Self.schema.utf8Start, count: Self.schema.utf8CodeUnitCount),
            data: events.scratch.bytes)
        identify(&events)
    }

    private mutating func check(_ value: Int, _ text: inout ByteArena, nameLength: Int) {
        let name = ByteRange(offset: 0, count: nameLength)
        let label =
            text[name].allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
            ? "'\(String(decoding: text[name], as: UTF8.self))'" : "an attribute"
        switch view.kind(value) {
        case .array, .object:
            add("\(label) is an \(view.kind(value).rawValue): attributes are strings, numbers and booleans")
            return
        case .null: return
        case .boolean, .integer, .number:
            if CloudEventsAttribute.isString(text[name]) {
                add("\(label) is no string")
                return
            }
            text.append(view.text(value))
        case .string: _ = view.appendString(value, to: &text)
        }
        let whole = ByteRange(offset: nameLength, count: text.count - nameLength)
        if let problem = CloudEventsAttribute.problem(text[name], text[whole]) { add(problem) }
    }

    private static func isData(_ name: UnsafeRawBufferPointer) -> Bool {
        name.elementsEqual("data".utf8) || name.elementsEqual("data_base64".utf8)
    }

    private func identify(_ events: inout CollectedEvents) {
        if let schema = member("dataschema") { events.set(.schema, stringOf: schema, in: view) }
        if let key = member("partitionkey") { events.set(.key, stringOf: key, in: view) }
        var text = ByteArena(capacity: 128)
        if let time = member("time"), view.appendString(time, to: &text),
            let microseconds = TimeText.microseconds(text.bytes)
        {
            events.set(timestamp: microseconds)
        }
        text.truncate(to: 0)
        guard let id = member("id"), view.appendString(id, to: &text) else { return }
        if let uuid = EventUUID(text.bytes) { events.set(uuid: uuid) }
        text.truncate(to: 0)
        if let source = member("source") { _ = view.appendString(source, to: &text) }
        text.append(0)
        _ = view.appendString(id, to: &text)
        events.set(.deduplication, text.bytes)
    }

    // MARK: Data

    private mutating func readData(into events: inout CollectedEvents) {
        let data = view.member(object, named: "data")
        let coded = member("data_base64")
        if data != nil && coded != nil { add("'data' and 'data_base64' are both there") }
        if let coded {
            guard view.kind(coded) == .string else {
                add("'data_base64' is no string")
                events.set(.payload, view.text(coded))
                return
            }
            let start = events.scratch.count
            _ = view.appendString(coded, to: &events.scratch)
            let text = Array(events.scratch[ByteRange(from: start, to: events.scratch.count)])
            events.scratch.truncate(to: 0)
            let offset = text.withUnsafeBytes { Base64Text.append($0, to: &events.scratch) }
            if let offset {
                add("'data_base64' is not base64 (byte \(offset))")
                events.set(.payload, view.text(coded))
                return
            }
            let type = member("datacontenttype").flatMap { view.string($0) }
            let media = type.map { type in Array(type.utf8).withUnsafeBytes { MediaType($0) } }
            let bytes = Array(events.scratch.bytes)
            if let problem = bytes.withUnsafeBytes({ CloudEventsData.write($0, media, into: &events) }) { add(problem) }
        } else if let data {
            events.set(payload: data, in: view)
        }
    }
}
