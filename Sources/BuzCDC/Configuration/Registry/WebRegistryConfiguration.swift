import CoreIngest
import HTTPClient
import Registries

/// `type: http`.
struct WebRegistryConfiguration: RegistryBackend {
    private let url: String
    private let layout: WebRegistry.Layout
    private let token: String?
    private let timeout: Duration
    private let client: HTTPClient

    private enum Keys {
        static let url = RegistryHTTPKeys.url(
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
    static let keys = [
        Keys.url.specification, Keys.layout.specification, Keys.token.specification,
        RegistryHTTPKeys.timeout.specification, RegistryHTTPKeys.authorities.specification,
    ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        layout = section[Keys.layout]
        token = section[Keys.token]
        timeout = section[RegistryHTTPKeys.timeout]
        client = RegistryHTTPKeys.client(section)
    }

    func registry() -> any SchemaRegistry {
        WebRegistry(
            RegistryRequests(
                url: url, headers: token.map { ["Authorization": "Bearer \($0)"] } ?? [:], timeout: timeout,
                client: client),
            layout: layout)
    }
}
