import CoreIngest

/// The parameters of one event, as text, by the fields of ``SnowplowField/all``. Used again for the next event.
struct SnowplowParameters: ~Copyable {
    /// A parameter that the tracker protocol does not know.
    struct Unknown {
        var name: ByteRange
        var value: ByteRange
        /// The value is JSON, not text.
        var isJSON: Bool
    }

    private(set) var text = ByteArena(capacity: 4096)
    private var values = [ByteRange](repeating: .none, count: SnowplowField.all.count)
    private(set) var unknown: [Unknown] = []
    /// Parameters that are kept as they came, besides the unknown ones; those of a request are bounded by the reader.
    private static let mostUnknown = 500

    mutating func removeAll() {
        text.truncate(to: 0)
        unknown.removeAll(keepingCapacity: true)
        for index in values.indices { values[index] = .none }
    }

    /// The text of a field; nil where it is not set, or empty.
    subscript(_ field: Int) -> UnsafeRawBufferPointer? { values[field].isEmpty ? nil : text[values[field]] }

    mutating func set(_ field: Int, _ value: UnsafeRawBufferPointer) { values[field] = copy(value) }

    mutating func unset(_ field: Int) { values[field] = .none }

    /// A member of a tracker's JSON object. Values are strings by the protocol; numbers and booleans are taken as if they were.
    mutating func set(_ member: JSONView.Member, of view: JSONView) {
        let start = text.count
        guard view.kind(member.value) != .null, view.appendString(member.name, to: &text) else { return }
        let name = ByteRange(from: start, to: text.count)
        let field = SnowplowField.index(of: text[name])
        let valueStart = text.count
        let isContainer: Bool
        switch view.kind(member.value) {
        case .array, .object: isContainer = true
        case .null, .boolean, .integer, .number, .string: isContainer = false
        }
        if !view.appendString(member.value, to: &text) { text.append(view.text(member.value)) }
        let value = ByteRange(from: valueStart, to: text.count)
        if let field, !isContainer || Self.takesJSON(field) {
            values[field] = value
        } else if unknown.count < Self.mostUnknown {
            unknown.append(Unknown(name: name, value: value, isJSON: view.kind(member.value) != .string))
        }
    }

    /// Reads the pairs of a query over what is set already.
    mutating func merge(_ form: borrowing FormFields, leavingOut left: borrowing Set<[UInt8]> = []) {
        for pair in form.fields {
            let name = form.arena[pair.name]
            if !left.isEmpty, left.contains(Array(name)) { continue }
            if let field = SnowplowField.index(of: name) {
                values[field] = copy(form.arena[pair.value])
            } else if unknown.count < Self.mostUnknown {
                unknown.append(Unknown(name: copy(name), value: copy(form.arena[pair.value]), isJSON: false))
            }
        }
    }

    /// Keeps a parameter as it came: one that could not be read.
    mutating func keep(_ name: StaticString, _ field: Int) {
        let start = text.count
        text.append(name)
        unknown.append(
            Unknown(name: ByteRange(from: start, to: text.count), value: values[field], isJSON: false))
    }

    private mutating func copy(_ bytes: UnsafeRawBufferPointer) -> ByteRange {
        let start = text.count
        text.append(bytes)
        return ByteRange(from: start, to: text.count)
    }

    /// The parameters whose text is JSON: clients that leave it an object are understood too.
    private static func takesJSON(_ field: Int) -> Bool { field == Self.selfDescribing || field == Self.contexts }

    static let event = SnowplowField.index(column: "e")
    static let eventID = SnowplowField.index(column: "event_id")
    static let created = SnowplowField.index(column: "dvce_created_tstamp")
    static let sent = SnowplowField.index(column: "dvce_sent_tstamp")
    static let trueTime = SnowplowField.index(column: "true_tstamp")
    static let address = SnowplowField.index(column: "user_ipaddress")
    static let userAgent = SnowplowField.index(column: "useragent")
    static let domainUser = SnowplowField.index(column: "domain_userid")
    static let user = SnowplowField.index(column: "user_id")
    static let networkUser = SnowplowField.index(column: "network_userid")
    static let networkUserParameter = SnowplowField.index(column: "nuid")
    static let platform = SnowplowField.index(column: "platform")
    static let tracker = SnowplowField.index(column: "v_tracker")
    static let selfDescribing = SnowplowField.index(column: "ue_pr")
    static let selfDescribingBase64 = SnowplowField.index(column: "ue_px")
    static let contexts = SnowplowField.index(column: "co")
    static let contextsBase64 = SnowplowField.index(column: "cx")
}
