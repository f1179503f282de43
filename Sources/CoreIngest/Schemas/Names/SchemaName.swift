/// The name of a schema: `iglu:vendor/name/format/model-revision-addition`.
///
/// Names come from strangers, and end up in file paths and URLs: each part is letters, digits, `-`, `_` and, in the
/// vendor, `.` between letters; nothing else is taken. Source: Iglu's grammar of schema keys.
public struct SchemaName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Who owns the schema: a reversed domain name.
    public let vendor: String
    /// The event's or table's name.
    public let name: String
    /// `jsonschema`, in practice.
    public let format: String
    /// SchemaVer.
    public let version: SchemaVersion

    /// Nil when a part breaks the grammar.
    public init?(vendor: String, name: String, format: String = "jsonschema", version: SchemaVersion) {
        guard Self.isPart(vendor, dots: true), Self.isPart(name, dots: true), Self.isPart(format, dots: false) else {
            return nil
        }
        self.vendor = vendor
        self.name = name
        self.format = format
        self.version = version
    }

    /// Reads an Iglu URI; nil when malformed.
    public init?(parsing uri: some StringProtocol) {
        guard uri.hasPrefix("iglu:"), uri.utf8.count <= 1024 else { return nil }
        let parts = uri.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, let version = SchemaVersion(parsing: parts[3]) else { return nil }
        self.init(vendor: String(parts[0]), name: String(parts[1]), format: String(parts[2]), version: version)
    }

    /// Reads Buz's path, `vendor/a/b/v1.2.3.json`, with or without `.json`, with or without revision and addition: the first
    /// part is the vendor, the others make the name `a.b`. Also an Iglu URI without `iglu:`, as registries lay files out. Nil
    /// when malformed.
    public init?(path: some StringProtocol) {
        guard path.utf8.count <= 1024 else { return nil }
        var text = Substring(path)
        if text.hasSuffix(".json") { text = text.dropLast(5) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, let last = parts.last else { return nil }
        if parts.count == 4, let version = SchemaVersion(parsing: last) {
            self.init(vendor: String(parts[0]), name: String(parts[1]), format: String(parts[2]), version: version)
            return
        }
        guard last.hasPrefix("v"), let version = SchemaVersion(dotted: last.dropFirst()),
            !parts.contains(where: { $0.isEmpty })
        else { return nil }
        self.init(vendor: String(parts[0]), name: parts[1..<(parts.count - 1)].joined(separator: "."), version: version)
    }

    /// Reads a name as people write it: an Iglu URI or a path.
    public init?(_ text: some StringProtocol) {
        if text.hasPrefix("iglu:") { self.init(parsing: text) } else { self.init(path: text) }
    }

    /// Buz's path, without `.json`.
    public var path: String {
        "\(vendor)/\(name.split(separator: ".").joined(separator: "/"))/v\(version.model).\(version.revision)"
            + (version.addition == 0 ? "" : ".\(version.addition)")
    }

    /// The Iglu URI.
    public var description: String { "iglu:\(vendor)/\(name)/\(format)/\(version)" }

    /// By vendor, name, format, and then version.
    public static func < (left: Self, right: Self) -> Bool {
        (left.vendor, left.name, left.format, left.version) < (right.vendor, right.name, right.format, right.version)
    }

    /// One part of a schema's name made of any text: what the grammar does not allow becomes `_`. Never empty.
    public static func part(from text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars.prefix(200) { out.unicodeScalars.append(isPlain(scalar) ? scalar : "_") }
        return out.isEmpty ? "_" : out
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
            || scalar == "_"
    }

    private static func isPart(_ text: String, dots: Bool) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 255 else { return false }
        var previousWasDot = true
        for scalar in text.unicodeScalars {
            if scalar == "." {
                if !dots || previousWasDot { return false }
                previousWasDot = true
            } else {
                if !isPlain(scalar) { return false }
                previousWasDot = false
            }
        }
        return !previousWasDot
    }
}

/// SchemaVer: `model-revision-addition`, model from 1.
public struct SchemaVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Raised by what breaks every older reader.
    public var model: Int
    /// Raised by what may break some.
    public var revision: Int
    /// Raised by what breaks none.
    public var addition: Int

    /// A version by its parts.
    public init(model: Int, revision: Int, addition: Int) {
        self.model = model
        self.revision = revision
        self.addition = addition
    }

    /// Reads `1-0-2`; nil when malformed.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3,
            parts.allSatisfy({ (1...6).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let model = Int(parts[0]), let revision = Int(parts[1]), let addition = Int(parts[2]), model >= 1
        else { return nil }
        self.init(model: model, revision: revision, addition: addition)
    }

    /// Reads `1`, `1.0` or `1.0.2`: what is not written is 0. Nil when malformed.
    init?(dotted text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        self.init(parsing: (parts + ["0", "0"]).prefix(3).joined(separator: "-"))
    }

    /// 1-0-0
    public static let first = SchemaVersion(model: 1, revision: 0, addition: 0)

    /// `1-0-2`
    public var description: String { "\(model)-\(revision)-\(addition)" }

    /// By model, then revision, then addition.
    public static func < (left: Self, right: Self) -> Bool {
        (left.model, left.revision, left.addition) < (right.model, right.revision, right.addition)
    }
}
