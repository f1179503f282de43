/// The texts that a schema is made of: its own, those it refers to, and the metaschemas among them, with all identifiers.
///
/// A text comes from the caller's ``SchemaOptions/Lookup`` or is built in. Nothing is ever fetched.
struct SchemaLibrary: ~Copyable {
    /// A value of one of the texts.
    struct Place: Hashable {
        var document: Int
        var value: Int
    }

    /// A schema with a URI of its own: the root of a text, or what has an `$id` in it.
    struct Resource {
        var uri: String
        var root: Place
        var rules: SchemaRules
        /// Plain-name fragments.
        var anchors: [ExactText: Place] = [:]
        /// `$dynamicAnchor`; with the empty name, `$recursiveAnchor`.
        var dynamicAnchors: [ExactText: Place] = [:]
    }

    /// Where a subschema stands.
    struct Site {
        var resource: Int
        /// From the root of its text.
        var pointer: String
    }

    private struct Document {
        var content: JSONDocument
        /// What its places are called by, before the `#`: empty for the schema itself.
        var name: String
    }

    let options: SchemaOptions
    private var documents: [Document] = []
    private(set) var resources: [Resource] = []
    private(set) var byURI: [ExactText: Int] = [:]
    private(set) var sites: [Place: Site] = [:]
    /// Rules of metaschemas that are not built in.
    private var rules: [ExactText: SchemaRules] = [:]
    /// References that were seen and not followed yet.
    private var pending: [(reference: String, resource: Int)] = []
    private var missing: Set<ExactText> = []
    private var bytes = 0
    private var lookups = 0
    /// Whether a keyword asks what others have evaluated: then checks that everything passes are kept too.
    private(set) var tracksEvaluation = false
    /// Dynamic anchors that more than one resource has: only these depend on the way that led to a reference.
    private(set) var contested: Set<ExactText> = []

    init(_ text: UnsafeRawBufferPointer, _ options: SchemaOptions) throws(SchemaError) {
        self.options = options
        try add(text, uri: "", name: "", SchemaRules(options.dialect))
        if let name = options.name, byURI[ExactText(name.description)] == nil { byURI[ExactText(name.description)] = 0 }
        try followReferences()
    }

    func view(_ place: Place) -> JSONView { documents[place.document].content.view }

    /// A place for people and reports, without the `#` for the schema itself.
    func pointer(_ place: Place, _ pointer: String) -> String {
        let name = documents[place.document].name
        return name.isEmpty ? pointer : "\(name)#\(pointer)"
    }

    // MARK: Texts

    private mutating func read(_ text: UnsafeRawBufferPointer, _ name: String) throws(SchemaError) -> JSONDocument {
        bytes += text.count
        guard bytes <= options.mostBytes else {
            throw SchemaError(
                .tooLarge, "the schema, with all it refers to, has more than \(options.mostBytes) bytes")
        }
        do {
            return try JSONDocument(text, limits: JSONLimits(depth: options.mostDepth))
        } catch {
            throw SchemaError(.notJSON, "the schema \(name.isEmpty ? "" : "'\(name.prefix(80))' ")is \(error)")
        }
    }

    private mutating func add(_ text: UnsafeRawBufferPointer, uri: String, name: String, _ rules: SchemaRules)
        throws(SchemaError)
    {
        let content = try read(text, name)
        documents.append(Document(content: content, name: name))
        let root = Place(document: documents.count - 1, value: 0)
        var rules = rules
        if let own = try declaredRules(content.view, 0) { rules = own }
        resources.append(Resource(uri: uri, root: root, rules: rules))
        byURI[ExactText(uri)] = resources.count - 1
        try index(root, "", resources.count - 1)
    }

    /// The text of a URI; nil when nobody has it.
    private mutating func text(_ uri: String) throws(SchemaError) -> [UInt8]? {
        if let known = SchemaMetaschemas.text(uri) {
            return Array(UnsafeBufferPointer(start: known.utf8Start, count: known.utf8CodeUnitCount))
        }
        guard let lookup = options.lookup, SchemaURI(uri).scheme != nil, !missing.contains(ExactText(uri)) else {
            return nil
        }
        lookups += 1
        guard lookups <= options.mostDocuments else {
            throw SchemaError(.tooLarge, "the schema refers to more than \(options.mostDocuments) others")
        }
        let text = try lookup(uri)
        if text == nil { missing.insert(ExactText(uri)) }
        return text
    }

    mutating func load(_ uri: String, _ rules: SchemaRules) throws(SchemaError) -> Bool {
        guard let text = try text(uri) else { return false }
        var failure: SchemaError?
        text.withUnsafeBytes { text in
            do throws(SchemaError) { try add(text, uri: uri, name: uri, rules) } catch { failure = error }
        }
        if let failure { throw failure }
        return true
    }

    /// Loads what references name, and what those name. What nobody has is an error only where the reference is used.
    mutating func followReferences() throws(SchemaError) {
        while let next = pending.popLast() {
            let uri = target(of: next.reference, from: next.resource).resource
            if byURI[ExactText(uri)] == nil { _ = try load(uri, resources[0].rules) }
        }
        var places: [ExactText: Place] = [:]
        for resource in resources {
            for (name, place) in resource.dynamicAnchors {
                if let other = places[name], other != place { contested.insert(name) }
                places[name] = place
            }
        }
    }

    // MARK: Dialects

    /// What the `$schema` of a schema says.
    private mutating func declaredRules(_ view: JSONView, _ value: Int) throws(SchemaError) -> SchemaRules? {
        guard let schema = view.member(value, named: "$schema") else { return nil }
        guard let uri = view.string(schema) else {
            throw SchemaError(.malformed, at: "/$schema", "$schema must be a string")
        }
        return try rules(of: uri, depth: 0)
    }

    private mutating func rules(of uri: String, depth: Int) throws(SchemaError) -> SchemaRules {
        if let dialect = SchemaDialect(uri: uri) { return SchemaRules(dialect) }
        if let known = rules[ExactText(uri)] { return known }
        let unknown = SchemaError(
            .unknownDialect, at: "/$schema",
            "$schema is none of drafts 4, 6, 7, 2019-09, 2020-12 and Iglu's; use one of them")
        guard depth < 8, let text = try text(Self.target(of: SchemaURI(uri)).resource) else { throw unknown }
        var content: JSONDocument?
        var failure: SchemaError?
        text.withUnsafeBytes { text in
            do throws(SchemaError) { content = try read(text, uri) } catch { failure = error }
        }
        if let failure { throw failure }
        guard let view = content?.view, let base = view.member(0, named: "$schema"), let text = view.string(base) else {
            throw unknown
        }
        var found = try rules(of: text, depth: depth + 1)
        if let vocabularies = view.member(0, named: "$vocabulary") {
            let members = view.members(vocabularies).map { member in
                (uri: view.string(member.name) ?? "", isRequired: view.boolean(member.value) ?? true)
            }
            if let vocabulary = found.apply(members) {
                throw SchemaError(
                    .unknownDialect, at: "/$schema",
                    "the metaschema requires the vocabulary '\(vocabulary.prefix(80))', which is not known")
            }
        }
        rules[ExactText(uri)] = found
        return found
    }

    // MARK: Identifiers

    /// Finds the identifiers and references of a subschema and of those in it.
    private mutating func index(_ place: Place, _ pointer: String, _ outer: Int) throws(SchemaError) {
        let view = view(place)
        guard view.kind(place.value) == .object, sites[place] == nil else { return }
        guard sites.count < options.mostSubschemas else {
            throw SchemaError(.tooLarge, "the schema has more than \(options.mostSubschemas) subschemas")
        }
        let resource = try identify(place, view, outer)
        sites[place] = Site(resource: resource, pointer: pointer)
        let dialect = resources[resource].rules.dialect
        for member in view.members(place.value) {
            guard let name = view.string(member.name), let shape = SchemaKeyword.Shape(name, dialect) else { continue }
            let inner = "\(pointer)/\(SchemaPointer.part(name))"
            switch shape {
            case .unevaluated:
                tracksEvaluation = true
                try index(Place(document: place.document, value: member.value), inner, resource)
            case .schemas:
                if view.kind(member.value) == .object {
                    try index(Place(document: place.document, value: member.value), inner, resource)
                } else {
                    for (number, element) in view.elements(member.value).enumerated() {
                        try index(Place(document: place.document, value: element), "\(inner)/\(number)", resource)
                    }
                }
            case .map:
                for entry in view.members(member.value) {
                    guard let key = view.string(entry.name) else { continue }
                    try index(
                        Place(document: place.document, value: entry.value), "\(inner)/\(SchemaPointer.part(key))",
                        resource)
                }
            case .reference:
                guard let text = view.string(member.value) else { continue }
                let uri = SchemaURI(resources[resource].uri).resolve(text).resource
                if byURI[ExactText(uri)] == nil { pending.append((text, resource)) }
            }
        }
    }

    /// The resource that a subschema belongs to: `outer`, or a new one.
    private mutating func identify(_ place: Place, _ view: JSONView, _ outer: Int) throws(SchemaError) -> Int {
        var resource = outer
        let isRoot = resources[outer].root == place
        var rules = resources[outer].rules
        if !isRoot, view.member(place.value, named: "$id") != nil || view.member(place.value, named: "id") != nil,
            let own = try declaredRules(view, place.value)
        {
            rules = own
        }
        let dialect = rules.dialect
        let standsAlone =
            dialect.referenceStandsAlone
            && view.member(place.value, named: "$ref").map { view.string($0) != nil } ?? false
        if !standsAlone, let identifier = view.member(place.value, named: dialect.identifier),
            let text = view.string(identifier)
        {
            let uri = SchemaURI(resources[outer].uri).resolve(text)
            if !text.hasPrefix("#") {
                if isRoot {
                    resources[outer].uri = uri.resource
                } else {
                    resources.append(Resource(uri: uri.resource, root: place, rules: rules))
                    resource = resources.count - 1
                }
                if byURI[ExactText(uri.resource)] == nil { byURI[ExactText(uri.resource)] = resource }
            }
            if dialect <= .draft7, let name = uri.plainFragment, !name.isEmpty, !name.hasPrefix("/") {
                resources[resource].anchors[ExactText(name)] = place
            }
        }
        if dialect >= .draft2019, let anchor = view.member(place.value, named: "$anchor"),
            let name = view.string(anchor)
        {
            resources[resource].anchors[ExactText(name)] = place
        }
        if dialect == .draft2020, let anchor = view.member(place.value, named: "$dynamicAnchor"),
            let name = view.string(anchor)
        {
            resources[resource].anchors[ExactText(name)] = place
            resources[resource].dynamicAnchors[ExactText(name)] = place
        }
        if dialect == .draft2019, resources[resource].root == place,
            let flag = view.member(place.value, named: "$recursiveAnchor"), view.boolean(flag) == true
        {
            resources[resource].dynamicAnchors[ExactText("")] = place
        }
        return resource
    }

    /// The resource of a subschema, also of one that stands where no keyword puts one.
    mutating func resource(of place: Place, _ pointer: String, within outer: Int) throws(SchemaError) -> Int {
        if let site = sites[place] { return site.resource }
        try index(place, pointer, outer)
        try followReferences()
        return sites[place]?.resource ?? outer
    }
}
