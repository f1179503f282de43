import CoreIngest

extension OperationsConfiguration {
    private enum Keys {
        static let enabled = Key<Bool>.boolean("enabled", "Whether the endpoint is opened.", .defaulted("true"))
        static let host = Key<String>.text(
            "host", "Address to listen on.", .defaulted("127.0.0.1"), example: "127.0.0.1")
        static let port = Key<Int>.integer("port", "Port to listen on.", .defaulted("8080"), in: 1...65535)
        static let token = Key<String?>.optionalText(
            "token",
            "Asked of every request except the health routes, as 'Authorization: Bearer TOKEN'. None is asked when missing.",
            secrecy: .whole, example: "${BUZ_OPERATIONS_TOKEN:-}")
    }

    static let specification = SectionSpecification(
        "Health, metrics and statistics over HTTP: /health/live, /health/ready, /metrics, /stats.",
        [Keys.enabled.specification, Keys.host.specification, Keys.port.specification, Keys.token.specification])

    init(_ section: CheckedSection) {
        self.init(
            enabled: section[Keys.enabled], host: section[Keys.host], port: section[Keys.port],
            token: section[Keys.token])
    }
}
