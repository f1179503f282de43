/// An answer of a server of tokens that is no token: what it means, and what to do.
struct TokenRefusal {
    let status: Int
    /// RFC 6749 section 5.2: `invalid_grant` and others.
    let code: String?
    let words: String
    let what: String
    /// How many seconds this machine's clock is ahead of the server's; negative: behind. Nil where the answer has no date.
    let ahead: Int?

    /// Google takes assertions of at most an hour, and some minutes around.
    private static let tolerated = 120

    init(
        _ response: HTTPResponse, code: String?, words: String, of what: String, _ environment: GoogleEnvironment
    ) {
        status = response.status
        self.code = code.map { OneLine.of($0, most: 60) }
        self.words = words
        self.what = what
        ahead = response.headers["Date"].flatMap { HTTPDate.seconds($0) }.map { environment.now() - $0 }
    }

    func error(advice: String?) -> GoogleCredentialError {
        var text = "\(what): no token, status \(status)"
        if let code { text += " \(code)" }
        if !words.isEmpty { text += ": \(words)" }
        if status == 429 || status >= 500 { return GoogleCredentialError(.unavailable, text) }
        if let ahead, abs(ahead) > Self.tolerated {
            return GoogleCredentialError(
                .refused,
                "\(text); this machine's clock is \(abs(ahead)) s \(ahead > 0 ? "ahead of" : "behind") the server's: set it"
            )
        }
        if let advice { return GoogleCredentialError(.refused, "\(text); \(advice)") }
        switch code {
        case "invalid_grant" where what.hasPrefix("a person's"):
            return GoogleCredentialError(
                .refused, "\(text); log in again with: gcloud auth application-default login")
        case "invalid_grant":
            return GoogleCredentialError(
                .refused, "\(text); the key was deleted or the account disabled: make a new key, or enable it")
        default: return GoogleCredentialError(.refused, text)
        }
    }
}
