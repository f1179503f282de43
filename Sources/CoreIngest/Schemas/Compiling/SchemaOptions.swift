/// How schemas are compiled.
package struct SchemaOptions: Sendable {
    package enum Formats: Sendable {
        /// As the schema's dialect says: asserted up to draft 7 and by Iglu, annotations from 2019-09 on, unless the metaschema
        /// has the vocabulary `format-assertion`.
        case byDialect
        case assert
        case annotate
    }

    /// The text of a schema that another refers to, by its absolute URI without fragment, which is the Iglu URI for all that
    /// stands for a name of the registry; nil when there is none. It may throw ``SchemaError/Code/unavailable``. The compiler
    /// asks this and its own metaschemas, and nobody else.
    package typealias Lookup = @Sendable (_ uri: String) throws(SchemaError) -> [UInt8]?

    package var formats: Formats = .byDialect
    /// For a schema without `$schema`.
    package var dialect: SchemaDialect = .draft2020
    /// Nil: a schema may refer to itself and to the metaschemas only.
    package var lookup: Lookup?
    /// The schema's own name: references to it lead to its root.
    package var name: SchemaName?
    /// Bytes of the texts of a schema and of all that it refers to.
    package var mostBytes = 4 << 20
    /// Schemas that come by ``lookup``.
    package var mostDocuments = 64
    /// Subschemas that a schema may come to, references included.
    package var mostSubschemas = 100_000
    /// References of all kinds.
    package var mostReferences = 10_000
    /// Values within values.
    package var mostDepth = 128
    package var mostTime: Duration = .seconds(2)
    /// Whether reports can tell `title`, `default`, `readOnly` and the like of what passes: costs memory and time.
    package var keepsAnnotations = false
    /// Derived schemas only: null passes every `type`, and an `enum` beside a `type` is not asserted. See
    /// ``SchemaDerivation/options``.
    package var trustsNullabilityAndLabels = false

    package init() {}
}
