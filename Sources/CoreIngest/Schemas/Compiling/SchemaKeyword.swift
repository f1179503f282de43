/// The keyword that a check was made of, for reports.
enum SchemaKeyword: UInt8 {
    case falseSchema, type, `enum`, const
    case minLength, maxLength, pattern, format, contentEncoding, contentMediaType
    case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
    case minItems, maxItems, uniqueItems, items, prefixItems, additionalItems, contains, unevaluatedItems
    case minProperties, maxProperties, properties, propertyNames, unevaluatedProperties
    case dependencies, dependentRequired, dependentSchemas
    case allOf, anyOf, oneOf, not, `if`
    case ref, dynamicRef, recursiveRef
    case title, description, `default`, deprecated, readOnly, writeOnly, examples, contentSchema

    var name: String {
        switch self {
        case .falseSchema: "false"
        case .type: "type"
        case .enum: "enum"
        case .const: "const"
        case .minLength: "minLength"
        case .maxLength: "maxLength"
        case .pattern: "pattern"
        case .format: "format"
        case .contentEncoding: "contentEncoding"
        case .contentMediaType: "contentMediaType"
        case .minimum: "minimum"
        case .maximum: "maximum"
        case .exclusiveMinimum: "exclusiveMinimum"
        case .exclusiveMaximum: "exclusiveMaximum"
        case .multipleOf: "multipleOf"
        case .minItems: "minItems"
        case .maxItems: "maxItems"
        case .uniqueItems: "uniqueItems"
        case .items: "items"
        case .prefixItems: "prefixItems"
        case .additionalItems: "additionalItems"
        case .contains: "contains"
        case .unevaluatedItems: "unevaluatedItems"
        case .minProperties: "minProperties"
        case .maxProperties: "maxProperties"
        case .properties: "properties"
        case .propertyNames: "propertyNames"
        case .unevaluatedProperties: "unevaluatedProperties"
        case .dependencies: "dependencies"
        case .dependentRequired: "dependentRequired"
        case .dependentSchemas: "dependentSchemas"
        case .allOf: "allOf"
        case .anyOf: "anyOf"
        case .oneOf: "oneOf"
        case .not: "not"
        case .if: "if"
        case .ref: "$ref"
        case .dynamicRef: "$dynamicRef"
        case .recursiveRef: "$recursiveRef"
        case .title: "title"
        case .description: "description"
        case .default: "default"
        case .deprecated: "deprecated"
        case .readOnly: "readOnly"
        case .writeOnly: "writeOnly"
        case .examples: "examples"
        case .contentSchema: "contentSchema"
        }
    }

    /// Keywords whose values reports tell of what passes, and that check nothing.
    static let annotations: [SchemaKeyword] = [
        .title, .description, .default, .deprecated, .readOnly, .writeOnly, .examples, .contentEncoding,
        .contentMediaType, .contentSchema,
    ]

    /// What a keyword's value holds, for finding identifiers.
    enum Shape {
        /// A schema, or several in an array.
        case schemas
        /// A schema that asks what others have evaluated.
        case unevaluated
        /// An object of schemas.
        case map
        case reference

        /// Nil for a keyword that holds no schema in a dialect.
        init?(_ name: String, _ dialect: SchemaDialect) {
            switch name {
            case "additionalProperties", "additionalItems", "not", "items", "allOf", "anyOf", "oneOf": self = .schemas
            case "contains", "propertyNames": if dialect < .draft6 { return nil } else { self = .schemas }
            case "if", "then", "else": if dialect < .draft7 { return nil } else { self = .schemas }
            case "contentSchema": if dialect < .draft2019 { return nil } else { self = .schemas }
            case "prefixItems": if dialect < .draft2020 { return nil } else { self = .schemas }
            case "unevaluatedItems", "unevaluatedProperties":
                if dialect < .draft2019 { return nil } else { self = .unevaluated }
            case "properties", "patternProperties", "definitions", "dependencies": self = .map
            case "$defs", "dependentSchemas": if dialect < .draft2019 { return nil } else { self = .map }
            case "$ref": self = .reference
            case "$dynamicRef": if dialect < .draft2020 { return nil } else { self = .reference }
            default: return nil
            }
        }
    }
}
