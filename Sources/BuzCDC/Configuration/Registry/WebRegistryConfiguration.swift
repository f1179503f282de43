import CoreIngest
import Registries

/// `type: http`.
struct WebRegistryConfiguration: RegistryBackend {
    private let url: String
    private let layout: WebRegistry.Layout
    private let token: String?
    private let http: RegistryHTTP

    private enum Keys {
        static let url = RegistryHTTP.url(
            "Where the files are: schemas are at URL/VENDOR/NAME/jsonschema/1-0-0.",
            example: "https://schemas.example.com")
        static let layout = Key<WebRegistry.Layout>.choice(
            "layout", "How files are named: iglu (VENDOR/NAME/jsonschema/1-0-0) or buz (VENDOR/A/B/v1.0.json).",
            .defaulted("iglu"))
        static let token = Key<String?>.optionalText(
            "token", "Sent as 'Authorization: Bearer TOKEN'.", secrecy: .whole, example: "${BUZ_REGISTRY_TOKEN:-}")
    }

    static let type = "http"
    static let doc = "Schema files behind a web server."
    static let keys = [Keys.url.specification, Keys.layout.specification, Keys.token.specification] + RegistryHTTP.keys

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        layout = section[Keys.layout]
        token = section[Keys.token]
        http = RegistryHTTP(section)
    }

    func registry() -> any SchemaRegistry {
        WebRegistry(http.requests(url, headers: ["Authorization": token.map { "Bearer \($0)" }]), layout: layout)
    }
}
