import CoreIngest
import Registries

/// `type: iglu`.
struct IgluRegistryConfiguration: RegistryBackend {
    private let url: String
    private let apiKey: String?
    private let http: RegistryHTTP

    private enum Keys {
        static let url = RegistryHTTP.url("The server, without /api.", example: "https://iglu.example.com")
        static let apiKey = Key<String?>.optionalText(
            "apiKey", "Sent as the header 'apikey'. To publish schemas it must be one that may write.", secrecy: .whole,
            example: "${BUZ_IGLU_KEY:-}")
    }

    static let type = "iglu"
    static let doc = "An Iglu server."
    static let keys = [Keys.url.specification, Keys.apiKey.specification] + RegistryHTTP.keys

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        apiKey = section[Keys.apiKey]
        http = RegistryHTTP(section)
    }

    func registry() -> any SchemaRegistry { IgluRegistry(http.requests(url, headers: ["apikey": apiKey])) }
}
