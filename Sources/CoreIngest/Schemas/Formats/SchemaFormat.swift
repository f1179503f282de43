/// The string formats that are asserted, each written by hand after its source. Other names are annotations.
///
/// Every rule reads the value a bounded number of times and allocates nothing, but for `regex`, which compiles it.
enum SchemaFormat: UInt32, CaseIterable {
    case dateTime, date, time, duration
    case email, idnEmail
    /// `plainHostname`: of drafts 4 and 6, which do not look into labels of Punycode.
    case plainHostname, hostname, idnHostname
    case ipv4, ipv6
    case uri, uriReference, iri, iriReference, uriTemplate
    case jsonPointer, relativeJSONPointer
    case uuid, regex

    /// The format of a name, where the dialect has it. `date`, `time`, `uuid` and `regex` are asserted in all dialects: draft 4
    /// does not know them, but schemas of Iglu, and draft 4's own metaschema, ask for them under it.
    init?(name: String, dialect: SchemaDialect) {
        let (format, since): (SchemaFormat, SchemaDialect)
        switch name {
        case "date-time": (format, since) = (.dateTime, .draft4)
        case "date": (format, since) = (.date, .draft4)
        case "time": (format, since) = (.time, .draft4)
        case "duration": (format, since) = (.duration, .draft2019)
        case "email": (format, since) = (.email, .draft4)
        case "idn-email": (format, since) = (.idnEmail, .draft7)
        case "hostname": (format, since) = (dialect < .draft7 ? .plainHostname : .hostname, .draft4)
        case "idn-hostname": (format, since) = (.idnHostname, .draft7)
        case "ipv4": (format, since) = (.ipv4, .draft4)
        case "ipv6": (format, since) = (.ipv6, .draft4)
        case "uri": (format, since) = (.uri, .draft4)
        case "uri-reference": (format, since) = (.uriReference, .draft6)
        case "iri": (format, since) = (.iri, .draft7)
        case "iri-reference": (format, since) = (.iriReference, .draft7)
        case "uri-template": (format, since) = (.uriTemplate, .draft6)
        case "json-pointer": (format, since) = (.jsonPointer, .draft6)
        case "relative-json-pointer": (format, since) = (.relativeJSONPointer, .draft7)
        case "uuid": (format, since) = (.uuid, .draft4)
        case "regex": (format, since) = (.regex, .draft4)
        default: return nil
        }
        if dialect < since { return nil }
        self = format
    }

    /// As schemas write it.
    var name: String {
        switch self {
        case .dateTime: "date-time"
        case .date: "date"
        case .time: "time"
        case .duration: "duration"
        case .email: "email"
        case .idnEmail: "idn-email"
        case .plainHostname, .hostname: "hostname"
        case .idnHostname: "idn-hostname"
        case .ipv4: "ipv4"
        case .ipv6: "ipv6"
        case .uri: "uri"
        case .uriReference: "uri-reference"
        case .iri: "iri"
        case .iriReference: "iri-reference"
        case .uriTemplate: "uri-template"
        case .jsonPointer: "json-pointer"
        case .relativeJSONPointer: "relative-json-pointer"
        case .uuid: "uuid"
        case .regex: "regex"
        }
    }

    /// `bytes`: the string's value, UTF-8 without the escapes of JSON.
    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let text = FormatText(bytes)
        return switch self {
        case .dateTime: Self.isDateTime(text)
        case .date: Self.isDate(text)
        case .time: Self.isTime(text)
        case .duration: Self.isDuration(text)
        case .email: Self.isMailbox(text, international: false)
        case .idnEmail: Self.isMailbox(text, international: true)
        case .plainHostname: Self.isHostname(text, decodingLabels: false)
        case .hostname: Self.isHostname(text, decodingLabels: true)
        case .idnHostname: Self.isInternationalHostname(text)
        case .ipv4: Self.isIPv4(text)
        case .ipv6: Self.isIPv6(text)
        case .uri: Self.isResourceIdentifier(text, international: false, relative: false)
        case .uriReference: Self.isResourceIdentifier(text, international: false, relative: true)
        case .iri: Self.isResourceIdentifier(text, international: true, relative: false)
        case .iriReference: Self.isResourceIdentifier(text, international: true, relative: true)
        case .uriTemplate: Self.isTemplate(text)
        case .jsonPointer: Self.isPointer(text)
        case .relativeJSONPointer: Self.isRelativePointer(text)
        case .uuid: Self.isUUID(text)
        case .regex: Self.isPattern(bytes)
        }
    }
}
