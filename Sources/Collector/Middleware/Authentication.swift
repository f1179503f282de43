import CoreIngest

/// Asks for a bearer token, or a name and password. Secrets are never printed, and compared in constant time.
struct Authentication: Sendable {
    private let tokens: [[UInt8]]
    /// `name:password`.
    private let users: [[UInt8]]
    let refusal: CollectedAnswer

    init(_ settings: AuthenticationSettings) {
        tokens = settings.tokens.map { Array($0.utf8) }.filter { !$0.isEmpty }
        users = settings.users.map { Array($0.utf8) }.filter { !$0.isEmpty }
        var challenges: [CollectedAnswer.Header] = []
        if !tokens.isEmpty { challenges.append(.init("WWW-Authenticate", "Bearer")) }
        if !users.isEmpty { challenges.append(.init("WWW-Authenticate", "Basic realm=\"events\", charset=\"UTF-8\"")) }
        refusal = .refusal(
            401, "send a token or a user of middleware.auth in the header Authorization", headers: challenges)
    }

    func accepts(_ headers: HeaderFields, query: UnsafeRawBufferPointer) -> Bool {
        if let value = headers["authorization"] {
            guard let space = value.firstIndex(of: 0x20) else { return false }
            let scheme = UnsafeRawBufferPointer(rebasing: value[..<space])
            let rest = UnsafeRawBufferPointer(rebasing: value[(space + 1)...]).trimmed
            if scheme.isText("bearer") { return Self.isOne(of: tokens, rest) }
            if scheme.isText("basic") {
                guard let decoded = Base64Text.decode(rest) else { return false }
                return decoded.withUnsafeBytes { Self.isOne(of: users, $0) }
            }
            return false
        }
        guard !tokens.isEmpty, !query.isEmpty else { return false }
        var form = FormFields()
        form.read(query)
        guard let token = form.first("access_token") else { return false }
        return Self.isOne(of: tokens, form.arena[token])
    }

    /// All are compared, whichever it is.
    private static func isOne(of secrets: [[UInt8]], _ given: UnsafeRawBufferPointer) -> Bool {
        var isOne = false
        let given = Array(given)
        for secret in secrets where ConstantTime.areEqual(secret, given) { isOne = true }
        return isOne
    }
}
