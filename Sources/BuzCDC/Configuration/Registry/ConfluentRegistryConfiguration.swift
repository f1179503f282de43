import CoreIngest
import Registries

/// `type: confluent`.
struct ConfluentRegistryConfiguration: RegistryBackend {
    private let url: String
    private let authorization: String?
    private let http: RegistryHTTP

    private enum Keys {
        static let url = RegistryHTTP.url("The registry.", example: "https://registry.example.com")
        static let authorization = Key<String?>.optionalText(
            "authorization", "Sent as the header 'Authorization': 'Basic …' (base64 of USER:PASSWORD) or 'Bearer …'.",
            secrecy: .whole, example: "${BUZ_CONFLUENT_AUTHORIZATION:-}")
    }

    static let type = "confluent"
    static let doc = "A Confluent schema registry, with subjects of type JSON named VENDOR.NAME."
    static let keys = [Keys.url.specification, Keys.authorization.specification] + RegistryHTTP.keys

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        authorization = section[Keys.authorization]
        http = RegistryHTTP(section)
    }

    func registry() -> any SchemaRegistry {
        ConfluentRegistry(http.requests(url, headers: ["Authorization": authorization]))
    }
}
