/// A version of JSON Schema. All are built in: `$schema` never leads to the network.
package enum SchemaDialect: Int, Sendable, Comparable, CaseIterable {
    case draft4 = 4
    case draft6 = 6
    case draft7 = 7
    case draft2019 = 2019
    case draft2020 = 2020

    /// Iglu's metaschema of self-describing schemas: draft 4 with `self`.
    package static let iglu = "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#"

    /// By the value of `$schema`; nil for one that is not known.
    package init?(uri: String) {
        let plain = uri.hasSuffix("#") ? String(uri.dropLast()) : uri
        let path = plain.drop { $0 != "/" }
        switch path {
        case "//json-schema.org/draft-04/schema", "//json-schema.org/schema": self = .draft4
        case "//json-schema.org/draft-06/schema": self = .draft6
        case "//json-schema.org/draft-07/schema": self = .draft7
        case "//json-schema.org/draft/2019-09/schema": self = .draft2019
        case "//json-schema.org/draft/2020-12/schema": self = .draft2020
        default:
            guard plain.hasPrefix("http"), path.hasPrefix("//iglucentral.com/schemas/com.snowplowanalytics.self-desc/")
            else { return nil }
            self = .draft4
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Up to draft 7 nothing beside a `$ref` counts.
    var referenceStandsAlone: Bool { self <= .draft7 }
    /// Whether `format` is asserted where nothing else is said.
    var assertsFormats: Bool { self <= .draft7 }
    /// From draft 6 on 1.0 is an integer.
    var integersMayHaveFraction: Bool { self >= .draft6 }
}

/// How schemas are compiled.
package struct SchemaOptions: Sendable {
    package enum Formats: Sendable {
        /// As the schema's dialect says.
        case byDialect
        case assert
        case annotate
    }

    package var formats: Formats = .byDialect
    /// For a schema without `$schema`.
    package var dialect: SchemaDialect = .draft2020
    /// Bytes of a schema's text.
    package var mostBytes = 4 << 20
    /// Subschemas that a schema may come to, references included.
    package var mostSubschemas = 100_000
    /// Values within values.
    package var mostDepth = 128
    /// Derived schemas only: null passes every `type`, and an `enum` beside a `type` is not asserted. See
    /// ``SchemaDerivation/options``.
    package var trustsNullabilityAndLabels = false

    package init() {}
}
