/// One reason why a payload does not pass its schema.
package struct SchemaFailure: Equatable, Sendable {
    /// JSON pointer into the payload; empty for its root.
    package var instancePath: String
    package var keyword: String
    /// JSON pointer into the schema as the check went, through references: `#/properties/qty/$ref/minimum`.
    package var schemaPath: String
    /// Where the keyword is written: `#/definitions/positive/minimum`, after the URI of its schema where that has one.
    package var schemaLocation: String
    /// What the schema asks for, for people.
    package var expected: String
    /// The type of what is there instead; `absent` for what is missing.
    package var gotType: String
    /// The value as JSON, cut to ``SchemaReporting/mostOfValue`` characters; nil where there is none, or it is hidden.
    package var got: String?
    /// One sentence, without the value.
    package var message: String
    /// The known name that is nearest to an unknown one.
    package var suggestion: String?
    /// ``instancePath`` with `*` for what differs from payload to payload: indices, and names that the schema does not list.
    package var groupPath: String
    /// Of `enum` and `const`: what would do, as JSON.
    var choices: [String] = []

    /// A failure of a payload that was not checked: it could not be read, or took too much.
    init(keyword: String, expected: String, gotType: String, message: String) {
        self.init(
            instancePath: "", keyword: keyword, schemaPath: "#", schemaLocation: "#", expected: expected,
            gotType: gotType, got: nil, message: message, suggestion: nil, groupPath: "")
    }

    init(
        instancePath: String, keyword: String, schemaPath: String, schemaLocation: String, expected: String,
        gotType: String, got: String?, message: String, suggestion: String?, groupPath: String
    ) {
        self.instancePath = instancePath
        self.keyword = keyword
        self.schemaPath = schemaPath
        self.schemaLocation = schemaLocation
        self.expected = expected
        self.gotType = gotType
        self.got = got
        self.message = message
        self.suggestion = suggestion
        self.groupPath = groupPath
    }
}
