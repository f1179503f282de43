/// The schemas of Segment's messages: what its specification requires of each call.
enum SegmentSchemas {
    static let all = [
        message("track", "Somebody did something.", [#""event":{"type":"string","minLength":1}"#], requires: ["event"]),
        message("identify", "Who somebody is.", []), message("page", "A page was seen.", []),
        message("screen", "A screen of an application was seen.", []),
        message("group", "Somebody belongs to a group.", [#""groupId":\#(id)"#], requires: ["groupId"]),
        message(
            "alias", "Two ids are one person.", [#""previousId":\#(id)"#], requires: ["previousId", "userId"],
            needsSomebody: false),
        BuiltInSchema(
            "io.silverton", "segment.sent", "What a request says of all its messages.",
            #""type":"object","properties":{"sentAt":{"type":["string","null"]},"context":{"type":["object","null"]},"integrations":{"type":["object","null"]}}"#
        ),
    ].compactMap { $0 }

    private static let id = #"{"type":["string","integer"],"minLength":1}"#
    private static let anyID = #"{"type":["string","integer","null"]}"#

    private static func message(
        _ call: String, _ description: String, _ own: [String], requires required: [String] = [],
        needsSomebody: Bool = true
    ) -> BuiltInSchema? {
        let common = [
            #""type":{"enum":["\#(call)"]}"#, #""userId":\#(anyID)"#, #""anonymousId":\#(anyID)"#,
            #""messageId":{"type":["string","null"]}"#, #""timestamp":{"type":["string","null"],"format":"date-time"}"#,
            #""originalTimestamp":{"type":["string","null"],"format":"date-time"}"#,
            #""context":{"type":["object","null"]}"#,
            #""integrations":{"type":["object","null"]}"#, #""properties":{"type":["object","null"]}"#,
            #""traits":{"type":["object","null"]}"#,
        ]
        let names = (["type"] + required).map { "\"\($0)\"" }.joined(separator: ",")
        var body = #""type":"object","properties":{\#((common + own).joined(separator: ","))},"required":[\#(names)]"#
        if needsSomebody {
            let somebody = ["userId", "anonymousId"].map { #"{"required":["\#($0)"],"properties":{"\#($0)":\#(id)}}"# }
            body += #","anyOf":[\#(somebody.joined(separator: ","))]"#
        }
        return BuiltInSchema("io.silverton", "segment.\(call)", description, body)
    }
}
