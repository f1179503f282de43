import CoreIngest

extension ConfigurationChecker {
    private static let inputs = [
        "selfDescribing", "snowplow", "cloudevents", "webhook", "pixel", "segment", "amplitude",
    ]

    /// Whether an HTTP input is enabled.
    func hasCollector(_ root: CheckedSection) -> Bool {
        guard let inputs = root.section("inputs") else { return false }
        return Self.inputs.contains { inputs.section($0)?.boolean("enabled") == true }
    }

    /// What must hold between the keys of the collector.
    mutating func checkCollector(_ root: CheckedSection) {
        guard hasCollector(root) else { return }
        for section in root.section("inputs")?.sections("postgres") ?? [] where section.text("name") == "http" {
            report(section.value("name")?.position, "the name 'http' belongs to the HTTP inputs; choose another")
        }
        if let auth = root.section("middleware")?.section("auth"), auth.boolean("enabled") == true,
            !auth.failed.contains("tokens"), !auth.failed.contains("users"), Self.isEmpty(auth.value("tokens")),
            Self.isEmpty(auth.value("users"))
        {
            report(auth.position, "middleware.auth is enabled without tokens and users, so nobody could send; add one")
        }
        if let tls = root.section("http")?.section("tls") {
            let (certificate, key) = (tls.text("certificateFile"), tls.text("keyFile"))
            if certificate != nil, key == nil {
                report(tls.position, "http.tls names a certificate and no key; add keyFile")
            } else if certificate == nil, key != nil || tls.text("clientAuthoritiesFile") != nil {
                report(tls.position, "http.tls names no certificate; add certificateFile, or remove the section")
            }
        }
        if root.section("http")?.section("tls")?.text("certificateFile") != nil,
            root.section("operations")?.boolean("enabled") != false,
            case .integer(let pages)? = root.section("operations")?.value("port")?.content,
            case .integer(let port)? = root.section("http")?.value("port")?.content, pages == port
        {
            report(
                root.section("http")?.section("tls")?.position,
                "the collector's port speaks TLS, which 'status' and the pages do not; set operations.port to another")
        }
        checkPaths(root)
    }

    private static func isEmpty(_ value: CheckedValue?) -> Bool {
        guard case .list(let items)? = value?.content else { return true }
        return items.isEmpty
    }

    /// No two protocols may claim one path.
    private mutating func checkPaths(_ root: CheckedSection) {
        var seen: [String: String] = ["/": "the console", "/metrics": "metrics", "/stats": "statistics"]
        if let purge = root.section("registry")?.section("purge"), purge.boolean("enabled") == true,
            let path = purge.text("path")
        {
            seen[path] = "registry.purge"
        }
        for name in Self.inputs {
            guard let section = root.section("inputs")?.section(name), section.boolean("enabled") == true else {
                continue
            }
            for key in ["path", "batchPath", "postPaths", "pixelPaths"] {
                var values: [CheckedValue] = []
                switch section.value(key)?.content {
                case .list(let items)?: values = items
                case .text?: values = section.value(key).map { [$0] } ?? []
                default: continue
                }
                for value in values {
                    guard case .text(let path) = value.content else { continue }
                    if let other = seen.updateValue(name, forKey: path) {
                        report(value.position, "the path \(path) is that of \(other) too; choose another")
                    }
                }
            }
        }
    }
}
