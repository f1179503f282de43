/// Decides which origins may send, and what browsers are told of it.
struct CrossOrigin: Sendable {
    private enum Origin: Sendable {
        case any
        case exact([UInt8])
        /// `scheme://` and `.domain`: any subdomain of it, and not the domain itself.
        case subdomains(scheme: [UInt8], suffix: [UInt8])
    }

    private let origins: [Origin]
    private let settings: CrossOriginSettings
    private let preflightHeaders: [CollectedAnswer.Header]

    init(_ settings: CrossOriginSettings) {
        self.settings = settings
        origins = settings.origins.map { text in
            if text == "*" { return .any }
            let bytes = Array(text.lowercased().utf8)
            let separator = Array("://*.".utf8)
            for start in bytes.indices where bytes[start...].starts(with: separator) {
                return .subdomains(
                    scheme: Array(bytes[..<(start + 3)]), suffix: Array(bytes[(start + separator.count - 1)...]))
            }
            return .exact(bytes)
        }
        preflightHeaders = [
            .init("Access-Control-Allow-Methods", settings.methods.joined(separator: ", ")),
            .init("Access-Control-Allow-Headers", settings.headers.joined(separator: ", ")),
            .init("Access-Control-Max-Age", "\(settings.maxAge)"),
        ]
    }

    /// The answer to a preflight; nil for any other request. One whose origin may not send is answered without permission.
    func preflight(_ method: RequestMethod, _ headers: HeaderFields) -> CollectedAnswer? {
        guard method == .options, headers["origin"] != nil, headers["access-control-request-method"] != nil else {
            return nil
        }
        var answer = CollectedAnswer(status: 204, contentType: "", body: [])
        let permission = permission(headers)
        if permission.count > 1 { answer.headers = preflightHeaders }
        answer.headers += permission
        return answer
    }

    /// What an answer says to a browser; empty where the request has no origin.
    func permission(_ headers: HeaderFields) -> [CollectedAnswer.Header] {
        guard let origin = headers["origin"] else { return [] }
        // The answer depends on the origin, which caches must know.
        var permission = [CollectedAnswer.Header("Vary", "Origin")]
        guard allows(origin) else { return permission }
        permission.append(.init("Access-Control-Allow-Origin", String(decoding: origin, as: UTF8.self)))
        if settings.allowsCredentials { permission.append(.init("Access-Control-Allow-Credentials", "true")) }
        return permission
    }

    func allows(_ origin: UnsafeRawBufferPointer) -> Bool {
        guard origin.count <= 512 else { return false }
        return origins.contains { rule in
            switch rule {
            case .any: return true
            case .exact(let text): return isSame(origin, text)
            case .subdomains(let scheme, let suffix):
                guard origin.count > scheme.count + suffix.count,
                    isSame(UnsafeRawBufferPointer(rebasing: origin[..<scheme.count]), scheme),
                    isSame(UnsafeRawBufferPointer(rebasing: origin[(origin.count - suffix.count)...]), suffix)
                else { return false }
                // What stands for the star is labels of a host's name: nothing that ends the host before the suffix.
                return origin[scheme.count..<(origin.count - suffix.count)].allSatisfy {
                    RequestHeadParser.isToken($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "%")
                }
            }
        }
    }

    private func isSame(_ text: UnsafeRawBufferPointer, _ lowercase: [UInt8]) -> Bool {
        text.count == lowercase.count && lowercase.withUnsafeBytes { HeaderFields.isSame(text, lowercase: $0) }
    }
}
