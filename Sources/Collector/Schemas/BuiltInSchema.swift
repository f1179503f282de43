package import CoreIngest

/// A schema that comes with the program: of what protocols make themselves, so that they are checked without a registry.
package struct BuiltInSchema: Sendable {
    package let name: SchemaName
    /// Self-describing, in Iglu's dialect.
    package let text: [UInt8]

    /// `body`: the members of the schema besides `$schema`, `self` and `description`. Nil where the name is none: our own mistake,
    /// which a test finds.
    init?(_ vendor: String, _ name: String, _ description: String, _ body: String) {
        guard let name = SchemaName(vendor: vendor, name: name, version: .first) else { return nil }
        self.name = name
        var arena = ByteArena(capacity: body.utf8.count + 512)
        arena.append(
            "{\"$schema\":\"http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#\",")
        arena.append("\"description\":")
        arena.appendJSONString(text: description)
        arena.append(",\"self\":{\"vendor\":")
        arena.appendJSONString(text: name.vendor)
        arena.append(",\"name\":")
        arena.appendJSONString(text: name.name)
        arena.append(",\"format\":\"jsonschema\",\"version\":\"1-0-0\"}")
        if !body.isEmpty {
            arena.append(",")
            arena.append(text: body)
        }
        arena.append("}")
        text = Array(arena.bytes)
    }

    /// All of them, by name.
    package static let all: [SchemaName: BuiltInSchema] = {
        let schemas =
            SnowplowSchemas.all + CloudEventsSchemas.all + SegmentSchemas.all + AmplitudeSchemas.all + BuzSchemas.all
        return Dictionary(schemas.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }()
}
