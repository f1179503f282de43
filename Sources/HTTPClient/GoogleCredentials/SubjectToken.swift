import CoreIngest

/// The token of another provider, by which Google knows a workload: from a file that somebody renews, or from an address.
/// Source: AIP-4117, `credential_source`.
struct SubjectToken: Sendable {
    private enum Place {
        case file(String)
        case url(String, HTTPHeaders)
    }

    private let place: Place
    /// The member of a JSON object that holds it; nil where the whole text is the token.
    private let member: String?

    static let mostBytes = 256 << 10

    init(_ fields: GoogleCredentialFields) throws(GoogleCredentialError) {
        if let path = fields.optionalText("file") {
            place = .file(path)
        } else if let url = fields.optionalText("url") {
            // Plain http is what metadata servers of other clouds speak; no secret but the token comes this way.
            guard HTTPOrigin(url) != nil else { throw fields.wrong("credential_source.url", "is not an address") }
            place = .url(url, try fields.headers("headers"))
        } else {
            throw fields.wrong(
                "credential_source",
                "has neither file nor url; AWS and executables are not supported: let a token be written to a file")
        }
        if let format = fields.optionalObject("format"), format.optionalText("type") == "json" {
            member = try format.text("subject_token_field_name")
        } else {
            member = nil
        }
    }

    /// Reads it anew: it changes under the same name.
    func read(_ exchange: TokenExchange) throws(GoogleCredentialError) -> String {
        let bytes: [UInt8]
        let name: String
        switch place {
        case .file(let path):
            name = "the subject token \(path)"
            do throws(BoundedFile.Failure) {
                bytes = try BoundedFile.read(path, limit: Self.mostBytes, regularOnly: true)
            } catch { throw GoogleCredentialError(.misconfigured, "\(name) \(error.reason)") }
        case .url(let url, let headers):
            name = "the subject token's server"
            let response = try exchange.send(HTTPRequest(.get, url, headers: headers), body: [], of: name)
            guard response.isSuccess else {
                throw GoogleCredentialError(.unavailable, "\(name) answers with status \(response.status)")
            }
            bytes = response.body
        }
        let text: String
        if let member {
            guard let found = TokenAnswer(bytes)?.text(member) else {
                throw GoogleCredentialError(.misconfigured, "\(name) is not JSON with a text '\(member)'")
            }
            text = found
        } else {
            text = String(decoding: bytes, as: UTF8.self)
        }
        let token = text.split(whereSeparator: \.isWhitespace).joined()
        guard !token.isEmpty else { throw GoogleCredentialError(.misconfigured, "\(name) is empty") }
        return token
    }
}
