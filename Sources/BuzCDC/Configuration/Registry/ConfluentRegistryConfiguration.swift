import CoreIngest
import HTTPClient
import Registries

/// `type: confluent`.
struct ConfluentRegistryConfiguration: RegistryBackend {
    private let url: String
    private let authorization: String?
    private let timeout: Duration
    private let client: HTTPClient

    private enum Keys {
        static let url = RegistryHTTPKeys.url("The registry.", example: "https://registry.example.com")
        static let authorization = Key<String?>.optionalText(
            "authorization", "Sent as the header 'Authorization': 'Basic …' (base64 of USER:PASSWORD) or 'Bearer …'.",
            secrecy: .whole, example: "${BUZ_CONFLUENT_AUTHORIZATION:-}")
    }

    static let type = "confluent"
    static let doc = "A Confluent schema registry, with subjects of type JSON named VENDOR.NAME."
    static let keys = [
        Keys.url.specification, Keys.authorization.specification, RegistryHTTPKeys.timeout.specification,
        RegistryHTTPKeys.authorities.specification,
    ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        authorization = section[Keys.authorization]
        timeout = section[RegistryHTTPKeys.timeout]
        client = RegistryHTTPKeys.client(section)
    }

    func registry() -> any SchemaRegistry {
        ConfluentRegistry(
            RegistryRequests(
                url: url, headers: authorization.map { ["Authorization": $0] } ?? [:], timeout: timeout, client: client)
        )
    }
}
