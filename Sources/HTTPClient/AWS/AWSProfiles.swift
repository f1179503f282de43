/// The shared credentials file: sections of `name = value`. Source: AWS SDKs and Tools Reference Guide, "Format of the config and
/// credentials files".
enum AWSProfiles {
    /// The values of a profile, by name in lower case; empty when it is not there.
    static func values(of profile: String, in text: String) -> [String: String] {
        var values: [String: String] = [:]
        var isWanted = false
        for line in text.split(whereSeparator: \.isNewline) {
            let words = trimmed(line)
            if words.isEmpty || words.hasPrefix("#") || words.hasPrefix(";") { continue }
            if words.hasPrefix("["), let end = words.firstIndex(of: "]") {
                isWanted = trimmed(words[..<end].dropFirst()) == profile
            } else if isWanted, let equals = words.firstIndex(of: "=") {
                values[trimmed(words[..<equals]).lowercased()] = String(trimmed(words[equals...].dropFirst()))
            }
        }
        return values
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let front = text.drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return front[...last]
    }
}
