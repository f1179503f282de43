/// What a column's type means for readers of its events: by it a table's shapes are told apart, and their change is classified.
struct ColumnSignature: Equatable, Sendable {
    @ExactText var name: String
    var isNullable: Bool
    /// Types of one family hold values of the same form; the sizes say how many of them.
    @ExactText var family: String
    /// Larger is wider, each for itself.
    var sizes: [Int]
    var labels: [String]

    /// A size without bound.
    static let unbounded = 1_000_000_000

    init(_ column: StreamDescriptor.Column) {
        name = column.name
        isNullable = column.isNullable
        (family, sizes) = Self.family(of: column.kind)
        labels = column.enumLabels
    }

    init(name: String, isNullable: Bool, family: String, sizes: [Int], labels: [String]) {
        self.name = name
        self.isNullable = isNullable
        self.family = family
        self.sizes = sizes
        self.labels = labels
    }

    private static func family(of kind: StreamDescriptor.Kind) -> (String, [Int]) {
        switch kind {
        case .boolean: return ("boolean", [])
        case .integer(let bits): return ("integer", [bits])
        case .float(let bits): return ("float", [bits])
        case .numeric(let precision, let scale):
            guard let precision else { return ("numeric", [unbounded, unbounded]) }
            return ("numeric", [precision - (scale ?? 0), scale ?? 0])
        case .string(let maxLength): return ("string", [maxLength ?? unbounded])
        case .uuid: return ("uuid", [])
        case .date: return ("date", [])
        case .time(let withZone): return (withZone ? "timetz" : "time", [])
        case .timestamp(let withZone): return (withZone ? "timestamptz" : "timestamp", [])
        case .interval: return ("interval", [])
        case .bytes: return ("bytes", [])
        case .json: return ("json", [])
        case .hstore: return ("hstore", [])
        case .enumeration: return ("enum", [])
        case .array(let element):
            let (family, sizes) = family(of: element)
            return ("array of \(family)", sizes)
        case .composite(let fields):
            let parts = fields.map { field in
                let (family, sizes) = family(of: field.kind)
                return "\(field.name): \(family)\(sizes)"
            }
            return ("composite (\(parts.joined(separator: ", ")))", [])
        case .text: return ("text", [])
        }
    }

    /// Whether all values of `old` are values of this.
    func holdsAll(of old: ColumnSignature) -> Bool {
        let known = Set(labels.map { ExactText($0) })
        guard isNullable || !old.isNullable, known.isEmpty || known.isSuperset(of: old.labels.map { ExactText($0) })
        else { return false }
        if family == old.family {
            // An enum that lost all its labels holds nothing of what it was.
            if family == "enum" && labels.isEmpty && !old.labels.isEmpty { return false }
            return sizes.count == old.sizes.count && zip(sizes, old.sizes).allSatisfy { $0 >= $1 }
        }
        if old.family == "integer", family == "numeric", let bits = old.sizes.first, let digits = sizes.first {
            return digits >= (bits == 16 ? 5 : bits == 32 ? 10 : 19)
        }
        return family == "string" && sizes == [Self.unbounded] && (old.family == "enum" || old.family == "text")
    }
}

/// How a table's schema changed from one version to the next: the part of SchemaVer that is raised.
package enum SchemaChange: Sendable, Equatable {
    /// Optional properties were added, nothing else.
    case addition
    /// All old rows match the new schema, but more has changed.
    case revision
    /// Old rows may not match the new schema.
    case model

    static func between(_ old: [ColumnSignature], _ new: [ColumnSignature]) -> SchemaChange {
        let known = Dictionary(old.map { ($0.$name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(new.map(\.$name))
        guard old.allSatisfy({ names.contains($0.$name) }) else { return .model }
        var change = SchemaChange.addition
        for column in new {
            guard let before = known[column.$name] else {
                if !column.isNullable { return .model }
                continue
            }
            if column == before { continue }
            guard column.holdsAll(of: before) else { return .model }
            change = .revision
        }
        return change
    }
}

extension SchemaVersion {
    /// The version after a change.
    package func raised(by change: SchemaChange) -> SchemaVersion {
        switch change {
        case .addition: SchemaVersion(model: model, revision: revision, addition: addition + 1)
        case .revision: SchemaVersion(model: model, revision: revision + 1, addition: 0)
        case .model: SchemaVersion(model: model + 1, revision: 0, addition: 0)
        }
    }
}
