import CoreIngest
import HTTPClient
import Registries

/// `type: iglu`.
struct IgluRegistryConfiguration: RegistryBackend {
    private let url: String
    private let apiKey: String?
    private let timeout: Duration
    private let client: HTTPClient

    private enum Keys {
        static let url = RegistryHTTPKeys.url("The server, without /api.", example: "https://iglu.example.com")
        static let apiKey = Key<String?>.optionalText(
            "apiKey", "Sent as the header 'apikey'. To publish schemas it must be one that may write.", secrecy: .whole,
            example: "${BUZ_IGLU_KEY:-}")
    }

    static let type = "iglu"
    static let doc = "An Iglu server."
    static let keys = [
        Keys.url.specification, Keys.apiKey.specification, RegistryHTTPKeys.timeout.specification,
        RegistryHTTPKeys.authorities.specification,
    ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        apiKey = section[Keys.apiKey]
        timeout = section[RegistryHTTPKeys.timeout]
        client = RegistryHTTPKeys.client(section)
    }

    func registry() -> any SchemaRegistry {
        IgluRegistry(
            RegistryRequests(
                url: url, headers: apiKey.map { ["apikey": $0] } ?? [:], timeout: timeout, client: client))
    }
}
