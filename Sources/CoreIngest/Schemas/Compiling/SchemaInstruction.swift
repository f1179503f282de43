/// One check of a compiled schema. Fixed size, no references: a program is a flat array of these and side tables.
struct SchemaInstruction: BitwiseCopyable {
    enum Operation: UInt8 {
        /// No value passes.
        case never
        /// `a`: a ``SchemaTypes`` mask.
        case type
        /// `a` to `b`: a range of the program's choices.
        case choice
        /// `a`: an index into the program's choices.
        case constant
        /// `a`: a number of code points.
        case minLength, maxLength
        /// `a`: an index into the program's patterns.
        case pattern
        /// `a`: a ``SchemaFormat``.
        case format
        /// `a`: a ``SchemaContent``.
        case content
        /// `a`: an index into the program's bounds.
        case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
        /// `a`: a number of elements.
        case minItems, maxItems
        case uniqueItems
        /// `a`: a block that every element from index `b` on must pass.
        case items
        /// `a` to `b`: a range of the program's branches, one for each of the first elements.
        case prefix
        /// `a`: an index into the program's counts.
        case contains
        /// `a`: a number of members.
        case minProperties, maxProperties
        /// `a`: an index into the program's objects: `properties`, `patternProperties`, `required` and `additionalProperties` in
        /// one.
        case object
        /// `a`: a block that every name must pass.
        case propertyNames
        /// `a`: a property; where the value has one of that name, it must have those that the object `b` requires.
        case dependentRequired
        /// `a`: a property; where the value has one of that name, it must pass the block `b`.
        case dependentSchema
        /// `a` to `b`: a range of the program's branches.
        case allOf, anyOf, oneOf
        /// `a`: a block.
        case not, reference
        /// `a`: the first of three branches: if, then, else.
        case conditional
        /// `a`: a block for what nothing else in the block `b`, which holds this one, evaluates.
        case unevaluatedProperties, unevaluatedItems
        /// Everything passes. `a`: an index into the program's choices, the value that reports tell.
        case annotation
        /// Made by ``SchemaFusion`` only. `a`: a ``SchemaTypes`` mask; `b`: the bounds of the length, 16 bits each.
        case typedString
        /// Made by ``SchemaFusion`` only. `a`: a ``SchemaTypes`` mask; `b`: an index into the program's ranges.
        case typedNumber
        /// Made by ``SchemaFusion`` only: `choice` by hash. `a`: the first of the program's choices; `b`: an index into its word sets.
        case words
        /// Made by ``SchemaFusion`` only: `anyOf` or `oneOf` of which a word picks the branch. `a`: the first of the program's
        /// branches; `b`: an index into its word sets.
        case tagged
    }

    var operation: Operation
    var keyword: SchemaKeyword
    var a: UInt32 = 0
    var b: UInt32 = 0
    /// The subschema that holds the keyword: an index into the program's paths.
    var path: UInt32
}

/// A set of JSON types, one bit per ``JSONWord/Kind``.
struct SchemaTypes: BitwiseCopyable, Equatable {
    var mask: UInt32 = 0

    /// Numbers with a fraction or exponent count as integers when they are whole.
    static let wholeDecimals: UInt32 = 1 << 15
    static let names = ["null", "boolean", "integer", "number", "string", "array", "object"]

    private static func bit(_ kind: JSONWord.Kind) -> UInt32 { 1 << UInt32(kind.rawValue) }

    /// False when `name` is no type.
    mutating func insert(_ name: String, wholeDecimals: Bool) -> Bool {
        switch name {
        case "null": mask |= Self.bit(.null)
        case "boolean": mask |= Self.bit(.yes) | Self.bit(.no)
        case "integer": mask |= Self.bit(.integer) | (wholeDecimals ? Self.wholeDecimals : 0)
        case "number": mask |= Self.bit(.integer) | Self.bit(.decimal)
        case "string": mask |= Self.bit(.string) | Self.bit(.escapedString)
        case "array": mask |= Self.bit(.array)
        case "object": mask |= Self.bit(.object)
        default: return false
        }
        return true
    }

    @inline(__always) func contains(_ kind: JSONWord.Kind) -> Bool { mask & Self.bit(kind) != 0 }

    /// For people.
    var description: String {
        var names: [String] = []
        if contains(.null) { names.append("null") }
        if contains(.yes) { names.append("boolean") }
        if contains(.decimal) { names.append("number") } else if contains(.integer) { names.append("integer") }
        if contains(.string) { names.append("string") }
        if contains(.array) { names.append("array") }
        if contains(.object) { names.append("object") }
        return names.joined(separator: " or ")
    }
}

/// A run of instructions: one subschema.
struct SchemaBlock: BitwiseCopyable {
    var start: UInt32
    var end: UInt32

    /// The block that everything passes: the first of every program.
    static let always: UInt32 = 0
}

/// One known property of an object.
struct SchemaProperty: BitwiseCopyable {
    var hash: UInt64
    /// Into the program's names.
    var name: ByteRange
    /// What its values must pass: its own schema, or `additionalProperties` where that applies to it.
    var block: UInt32
    /// Into the program's branches: indices of the ``SchemaPatternProperty`` whose pattern the name matches, found when compiling.
    var firstMatch: UInt32 = 0
    var matchCount: UInt32 = 0
    var isRequired: Bool
    /// In `properties`; otherwise it is only required.
    var isDeclared: Bool
    /// Its JSON text is its bytes: nothing in it needs an escape.
    var isPlain: Bool
}

/// A pattern of `patternProperties` and what the values under names that match must pass.
struct SchemaPatternProperty: BitwiseCopyable {
    /// Into the program's patterns.
    var pattern: UInt32
    var block: UInt32
}

/// `properties`, `patternProperties`, `required` and `additionalProperties` of one subschema.
struct SchemaObject: BitwiseCopyable {
    /// Into the program's properties, in the schema's order.
    var first: UInt32
    var count: UInt32
    /// Into the program's slots: a table by hash, a power of two long, linear probing; property index + 1, or 0.
    var slots: UInt32
    var slotMask: UInt32
    var requiredCount: UInt32
    /// Into the program's pattern properties.
    var firstPattern: UInt32
    var patternCount: UInt32
    var additional: UInt32
    /// Whether `additionalProperties` is there: then all members are evaluated.
    var hasAdditional: Bool
}

/// `contains` with its bounds.
struct SchemaCount: BitwiseCopyable {
    var block: UInt32
    var least: UInt32
    var most: UInt32
    /// From 2020-12 on the elements that match count as evaluated.
    var evaluates: Bool
}

/// `contentEncoding` and `contentMediaType`, as far as they are checked.
struct SchemaContent: OptionSet, BitwiseCopyable {
    var rawValue: UInt32
    static let base64 = SchemaContent(rawValue: 1)
    static let json = SchemaContent(rawValue: 2)
}

/// A number of the schema.
struct SchemaBound: BitwiseCopyable {
    /// When it is an integer of 64 bits.
    var small: Int64
    var isSmall: Bool
    /// Its digits, in the text of the program's constants.
    var text: ByteRange
    /// For multipleOf: the divisor is `significand` · 10^`exponent`.
    var significand: UInt64
    var exponent: Int
}
