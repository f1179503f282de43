extension SchemaName {
    /// The schema of the registry that a reference without its fragment, or the URI that it leads to, stands for: an Iglu URI;
    /// Buz's path, with or without a leading `/`; or an address as registries serve schemas, `http(s)://HOST/s/NAME` and
    /// `http(s)://HOST/schemas/NAME`, whatever its host, which is never dialled. Nil for everything else.
    init?(reference: String) {
        if reference.hasPrefix("iglu:") {
            self.init(parsing: reference)
            return
        }
        let uri = SchemaURI(reference)
        guard uri.query == nil else { return nil }
        switch uri.scheme {
        case nil:
            guard uri.authority == nil else { return nil }
            self.init(path: uri.path.hasPrefix("/") ? uri.path.dropFirst() : uri.path[...])
        case "http", "https":
            guard let root = ["/s/", "/schemas/"].first(where: { uri.path.hasPrefix($0) }) else { return nil }
            self.init(path: uri.path.dropFirst(root.count))
        default: return nil
        }
    }
}
