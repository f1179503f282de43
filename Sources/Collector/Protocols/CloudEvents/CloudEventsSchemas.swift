/// The schema of the attributes. What the specification requires of them the handler checks, as it decides what is refused.
enum CloudEventsSchemas {
    static let all = [
        BuiltInSchema(
            "io.cloudevents", "attributes", "The attributes of a CloudEvent, extensions included.",
            #"""
            "type":"object","properties":{"specversion":{"type":"string"},"id":{"type":"string"},"source":{"type":"string"},
            "type":{"type":"string"},"time":{"type":"string"},"subject":{"type":"string"},"dataschema":{"type":"string"},
            "datacontenttype":{"type":"string"}}
            """#)
    ].compactMap { $0 }
}
