/// The schemas of the payloads and of the canonical fields, made of the table that also reads them.
enum SnowplowSchemas {
    static let all: [BuiltInSchema] =
        [
            payload("page_view", .page, "A page was seen."),
            payload("page_ping", .ping, "A page is still being looked at."),
            payload("struct", .structured, "An event by category and action."),
            payload("transaction", .transaction, "An order."),
            payload("transaction_item", .item, "An item of an order."),
            payload("ad_impression", .advertisement, "An advertisement was shown."),
            BuiltInSchema(
                "io.silverton", "snowplow.event", "The fields of a Snowplow event that are not its payload.",
                object(SnowplowField.all, and: extra)),
            BuiltInSchema(
                "com.snowplowanalytics.snowplow", "uri_redirect", "Somebody followed a link through the collector.",
                #""type":"object","properties":{"uri":{"type":"string","minLength":1}},"required":["uri"],"additionalProperties":false"#
            ),
        ].compactMap { $0 }

    private static let extra = [
        (name: "event", type: #"{"type":"string"}"#), (name: "collector_tstamp", type: time),
        (name: "derived_tstamp", type: time),
        (
            name: "parameters",
            type: #"{"type":"object","description":"Unknown parameters, and those that could not be read."}"#
        ),
    ]
    private static let time = #"{"type":"string","format":"date-time"}"#

    private static func payload(_ name: String, _ group: SnowplowField.Group, _ description: String) -> BuiltInSchema? {
        BuiltInSchema(
            "io.silverton", "snowplow.\(name)", description,
            object(SnowplowField.all.filter { $0.group == group }, and: []))
    }

    private static func object(_ fields: [SnowplowField], and extra: [(name: String, type: String)]) -> String {
        let members = fields.flatMap { properties(of: $0) } + extra.map { "\"\($0.name)\":\($0.type)" }
        return
            "\"type\":\"object\",\"properties\":{\(members.joined(separator: ","))},\"additionalProperties\":false"
    }

    private static func properties(of field: SnowplowField) -> [String] {
        let type: String
        switch field.kind {
        case .string: type = #"{"type":"string"}"#
        case .integer, .size: type = #"{"type":"integer"}"#
        case .number: type = #"{"type":"number"}"#
        case .flag: type = #"{"type":"boolean"}"#
        case .time: type = time
        case .special: return []
        }
        let own = "\"\(field.column)\":\(type)"
        if case .size(let height) = field.kind { return [own, "\"\(height)\":\(type)"] }
        return [own]
    }
}
