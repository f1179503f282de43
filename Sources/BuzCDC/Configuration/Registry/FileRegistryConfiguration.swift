import CoreIngest

/// `type: file`.
struct FileRegistryConfiguration: RegistryBackend {
    var path: String

    private enum Keys {
        static let path = Key<String>.text(
            "path", "Folder of the schema files, as VENDOR/NAME/jsonschema/1-0-0. One that is missing holds none.",
            .defaulted("./schemas"))
    }

    static let type = "file"
    static let doc = "A folder of schema files."
    static let keys = [Keys.path.specification]

    init(_ section: CheckedSection) { path = section[Keys.path] }

    var isRemote: Bool { false }

    func registry() -> any SchemaRegistry { DirectoryRegistry(path: path) }
}
