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
    /// The keyword that gives a schema its URI.
    var identifier: StaticString { self == .draft4 ? "id" : "$id" }
}

/// A dialect with the vocabularies that a metaschema takes of it.
struct SchemaRules: Equatable {
    var dialect: SchemaDialect
    var hasApplicators = true
    var hasUnevaluated = true
    var hasValidation = true
    var assertsFormats: Bool

    init(_ dialect: SchemaDialect) {
        self.dialect = dialect
        assertsFormats = dialect.assertsFormats
    }

    /// By the members of `$vocabulary`. Answers the name of a required vocabulary that is not known.
    mutating func apply(_ vocabularies: [(uri: String, isRequired: Bool)]) -> String? {
        guard dialect >= .draft2019 else { return nil }
        let base = "https://json-schema.org/draft/\(dialect == .draft2019 ? "2019-09" : "2020-12")/vocab/"
        var names: [String: Bool] = [:]
        for (uri, isRequired) in vocabularies {
            let name = uri.hasPrefix(base) ? String(uri.dropFirst(base.count)) : ""
            switch name {
            case "core", "applicator", "unevaluated", "validation", "meta-data", "format", "format-annotation",
                "format-assertion", "content":
                names[name] = isRequired
            default:
                if isRequired { return uri }
            }
        }
        hasApplicators = names["applicator"] != nil
        hasUnevaluated = dialect == .draft2019 ? hasApplicators : names["unevaluated"] != nil
        hasValidation = names["validation"] != nil
        assertsFormats = names["format-assertion"] != nil || names["format"] == true
        return nil
    }
}
