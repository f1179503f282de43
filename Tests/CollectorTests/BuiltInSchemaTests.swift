import CoreIngest
import Testing

@testable import Collector

@Suite("Built-in schemas")
struct BuiltInSchemaTests {
    private struct NoRegistry: SchemaRegistry {
        let description = "none"
        func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
            throw SchemaError(.unavailable, "asked for \(name)")
        }
        func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] { [] }
        func names(most: Int) throws(SchemaError) -> [SchemaName]? { [] }
    }

    @Test("Every one compiles, without a registry", arguments: BuiltInSchema.all.keys.sorted())
    func compiles(name: SchemaName) {
        let cache = SchemaCache(BuiltInRegistry(before: NoRegistry()), now: { 0 })
        guard case .found = cache.validator(for: name) else {
            Issue.record("\(name): \(cache.validator(for: name))")
            return
        }
    }

    @Test("Every schema that a handler names is there")
    func named() {
        var names = SnowplowEventType.allCases.compactMap { $0.schema?.description }
        names += SegmentCall.allCases.map(\.schema.description)
        names += [
            SnowplowEventWriter.canonicalSchema, CloudEventsObject.schema, SegmentHandler.sentSchema,
            AmplitudeHandler.schema, WebhookHandler.arbitrarySchema, PixelHandler.arbitrarySchema,
        ].map(\.description)
        names.append("iglu:com.snowplowanalytics.snowplow/uri_redirect/jsonschema/1-0-0")
        for name in names { #expect(SchemaName(parsing: name).flatMap { BuiltInSchema.all[$0] } != nil, "\(name)") }
        #expect(Set(names).count == BuiltInSchema.all.count)
    }

    @Test("Other names are the registry's")
    func others() throws {
        let name = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-0"))
        #expect(throws: SchemaError.self) { try BuiltInRegistry(before: NoRegistry()).text(of: name) }
        #expect(
            try BuiltInRegistry(before: NoRegistry()).versions(vendor: "io.silverton", name: "segment.track") == [
                .first
            ])
    }
}
