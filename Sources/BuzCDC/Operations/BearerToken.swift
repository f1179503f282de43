/// The token that operational requests must carry. Never printed.
struct BearerToken: Sendable, CustomStringConvertible {
    private let secret: [UInt8]

    init(_ secret: String) { self.secret = Array(secret.utf8) }

    var description: String { "<token>" }

    /// Whether an `Authorization` header carries the token. Takes the same time wherever the two differ, so that a client
    /// cannot find the token byte by byte; only its length can be guessed.
    func accepts(_ header: String?) -> Bool {
        guard let header else { return false }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let given = Array(parts[1].utf8)
        var difference = given.count ^ secret.count
        for (index, byte) in given.enumerated() {
            difference |= Int(byte ^ (secret.isEmpty ? 0 : secret[index % secret.count]))
        }
        return difference == 0 && !secret.isEmpty
    }
}
