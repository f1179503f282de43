/// The schema of Amplitude's events.
enum AmplitudeSchemas {
    static let all = [
        BuiltInSchema(
            "io.silverton", "amplitude.event", "An event of Amplitude's HTTP V2 API.",
            #"""
            "type":"object","required":["event_type"],"properties":{"event_type":{"type":"string","minLength":1},
            "user_id":{"type":["string","null"]},"device_id":{"type":["string","null"]},"time":{"type":["integer","null"]},
            "insert_id":{"type":["string","null"]},"event_properties":{"type":["object","null"]},
            "user_properties":{"type":["object","null"]},"groups":{"type":["object","null"]}}
            """#)
    ].compactMap { $0 }
}
