/// What the JSON of values of a column's type can be, nulls apart. It follows how values are written ([docs/types.md]), and what Postgres
/// makes sure of for every row: the type with its modifier, as the stream itself announced it. Nothing is concluded from what the catalog
/// says of nullability and of labels, which may be newer than the row.
struct ColumnValues {
    /// Of what is not one of the samples.
    var kinds: [JSONWord.Kind]
    /// What values there are besides, each by its text.
    var samples: [StaticString] = []
    /// Code points of strings. A `varchar(n)` has n characters, and a character is a code point, but for 25 of the server encoding
    /// EUC_JIS_2004, which become two.
    var length = 0...Int.max
    /// Of numbers, as decimal digits; nil where unbounded.
    var least: String?
    var most: String?
    /// Numbers are multiples of it.
    var step: String?
    var isUUID = false
    /// Of an array's elements, in any number of dimensions.
    var element: StreamDescriptor.Kind?
    /// A value with fewer bytes is not nested too deeply for a reader; 0 where no value is.
    var trustedBytes = 0

    /// Numbers that JSON has no number for.
    private static let odd: [StaticString] = [#""NaN""#, #""Infinity""#, #""-Infinity""#]

    init(_ kind: StreamDescriptor.Kind) {
        kinds = [.string, .escapedString]
        switch kind {
        case .boolean: (kinds, samples) = ([], ["true", "false"])
        case .integer(let bits):
            kinds = [.integer]
            let bounds = IntegerBounds(bits: bits)
            (least, most, step) = ("\(bounds.least)", "\(bounds.most)", "1")
        case .float: (kinds, samples) = ([.integer, .decimal], Self.odd)
        case .numeric(let precision, let scale):
            (kinds, samples) = ([.integer, .decimal], Self.odd)
            if let bounds = NumericBounds(precision: precision, scale: scale) {
                (least, most, step) = ("-\(bounds.most)", bounds.most, bounds.step)
                if scale ?? 0 <= 0 { kinds = [.integer] }
            }
        case .string(let maxLength): length = 0...max(maxLength ?? .max, 0)
        case .uuid: (length, isUUID) = (36...36, true)
        case .json:
            kinds = [.null, .no, .yes, .integer, .decimal, .string, .escapedString, .array, .object]
            trustedBytes = JSONLimits().depth
        // A string where the text is not of the form that the type has in the catalog, which may be newer than the row.
        case .hstore: kinds = [.object, .string, .escapedString]
        case .composite(let fields):
            kinds = [.object, .string, .escapedString]
            trustedBytes = fields.map { ColumnValues($0.kind).trustedBytes }.max() ?? 0
        case .array(let inner):
            (kinds, element) = ([.array], inner)
            trustedBytes = ColumnValues(inner).trustedBytes
        case .date, .time, .timestamp, .interval, .bytes, .enumeration, .text: break
        }
    }

    func has(_ kind: JSONWord.Kind) -> Bool { kinds.contains(kind) }
    var hasStrings: Bool { has(.string) }
    var hasNumbers: Bool { has(.integer) }
}
