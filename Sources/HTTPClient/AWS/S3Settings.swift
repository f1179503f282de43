/// Which bucket of which server.
package struct S3Settings: Sendable, CustomStringConvertible {
    /// How the bucket is addressed.
    package enum Addressing: String, Sendable, CaseIterable {
        /// By host at Amazon, where the bucket's name can be a part of one; else by path.
        case auto
        case host
        case path
    }

    package var bucket: String
    package var region: String
    /// Nil for Amazon's own. Without a slash at the end.
    package var endpoint: String?
    package var addressing: Addressing

    package init(bucket: String, region: String, endpoint: String? = nil, addressing: Addressing = .auto) {
        self.bucket = bucket
        self.region = region
        var endpoint = endpoint
        while endpoint?.hasSuffix("/") == true { endpoint?.removeLast() }
        self.endpoint = endpoint
        self.addressing = addressing
    }

    /// Where keys follow, without a slash at the end.
    package var url: String {
        let server = endpoint ?? "https://s3.\(region).\(AWSEnvironment.domain(of: region))"
        guard isHost, let colon = server.firstIndex(of: ":") else { return "\(server)/\(bucket)" }
        let host = server.index(colon, offsetBy: 3, limitedBy: server.endIndex) ?? server.endIndex
        return "\(server[..<host])\(bucket).\(server[host...])"
    }

    /// For people.
    package var description: String { "the bucket \(bucket)" + (endpoint.map { " at \($0)" } ?? " of S3 in \(region)") }

    private var isHost: Bool {
        switch addressing {
        // The certificate covers no further dot, and host names have no capitals.
        case .auto:
            endpoint == nil && bucket.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39 ~= $0) || (0x61...0x7A ~= $0) }
        case .host: true
        case .path: false
        }
    }
}
