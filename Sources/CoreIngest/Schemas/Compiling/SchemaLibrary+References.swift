extension SchemaLibrary {
    /// What a reference in a resource leads to. What is in the texts goes by RFC 3986 alone; what is not may stand for a schema
    /// of the registry, by what is written or by the URI that it leads to (``SchemaName/init(reference:)``).
    func target(of text: String, from resource: Int) -> SchemaURI {
        let uri = SchemaURI(resources[resource].uri).resolve(text)
        if byURI[ExactText(uri.resource)] != nil { return uri }
        let written = SchemaURI(text)
        return written.scheme == nil && SchemaName(reference: written.resource) != nil
            ? Self.target(of: written) : Self.target(of: uri)
    }

    /// The Iglu URI of a URI that stands for a schema of the registry; any other as it is.
    static func target(of uri: SchemaURI) -> SchemaURI {
        // Metaschemas are built in, whatever their address looks like.
        guard SchemaMetaschemas.text(uri.resource) == nil, let name = SchemaName(reference: uri.resource) else {
            return uri
        }
        var target = SchemaURI(name.description)
        target.fragment = uri.fragment
        return target
    }

    /// What a reference leads to, and its fragment when that is a plain name; nil when it leads nowhere.
    mutating func resolve(_ text: String, from resource: Int) throws(SchemaError) -> (
        place: Place, resource: Int, name: ExactText?
    )? {
        let uri = target(of: text, from: resource)
        if byURI[ExactText(uri.resource)] == nil {
            guard try load(uri.resource, resources[resource].rules) else { return nil }
            try followReferences()
        }
        guard let start = byURI[ExactText(uri.resource)], let fragment = uri.plainFragment else { return nil }
        let root = resources[start].root
        if fragment.isEmpty { return (root, start, nil) }
        guard let names = SchemaPointer.names(fragment) else {
            return resources[start].anchors[ExactText(fragment)].map { ($0, start, ExactText(fragment)) }
        }
        var place = root
        var owner = start
        var pointer = sites[root]?.pointer ?? ""
        for name in names {
            guard let value = SchemaPointer.step(view(place), place.value, name) else { return nil }
            place.value = value
            pointer += "/" + SchemaPointer.part(name)
            if let site = sites[place] { owner = site.resource }
        }
        return (place, try self.resource(of: place, pointer, within: owner), nil)
    }
}
