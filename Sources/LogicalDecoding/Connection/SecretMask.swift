/// Takes secrets out of text that goes into errors and logs.
enum SecretMask {
    static let mask = "***"

    /// Each occurrence of a secret replaced, and passwords in connection strings; lines joined to one.
    static func clean(_ text: String, secrets: [String]) -> String {
        var out = text
        for secret in secrets where !secret.isEmpty { out = replace(secret, in: out) }
        return maskConnectionStrings(oneLine(out))
    }

    /// The text with its lines joined by `; `, without empty ones.
    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { line in
            String(line.drop(while: \.isWhitespace))
        }.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// Masks `//user:secret@` and `password=secret` (quoted or not) wherever they stand.
    static func maskConnectionStrings(_ text: String) -> String {
        maskKeywords(maskUserInfo(text))
    }

    private static func maskUserInfo(_ text: String) -> String {
        var out = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "://") {
            out += rest[..<start.upperBound]
            rest = rest[start.upperBound...]
            let authority = rest.prefix { !$0.isWhitespace && $0 != "/" && $0 != "?" }
            // A password may hold unescaped @ and /, so the last @ before white space ends it.
            let word = rest.prefix { !$0.isWhitespace }
            let at = word.lastIndex(of: "@") ?? authority.endIndex
            guard at < word.endIndex, let colon = word[..<at].firstIndex(of: ":") else { continue }
            out += rest[...colon] + mask
            rest = rest[at...]
        }
        return out + rest
    }

    private static func maskKeywords(_ text: String) -> String {
        var out = ""
        var rest = Substring(text)
        while let found = rest.firstRange(of: "password=") {
            out += rest[..<found.upperBound] + mask
            rest = rest[found.upperBound...]
            if rest.first == "'" {
                rest = rest.dropFirst()
                var escaped = false
                while let character = rest.popFirst() {
                    if character == "'", !escaped { break }
                    escaped = character == "\\" && !escaped
                }
            } else {
                rest = rest.drop { !$0.isWhitespace && $0 != "&" && $0 != "\"" }
            }
        }
        return out + rest
    }

    private static func replace(_ secret: String, in text: String) -> String {
        var out = ""
        var rest = Substring(text)
        while let range = rest.firstRange(of: secret) {
            out += rest[..<range.lowerBound] + mask
            rest = rest[range.upperBound...]
        }
        return out + rest
    }
}

extension Substring {
    /// The first place where `needle` stands.
    fileprivate func firstRange(of needle: String) -> Range<Index>? {
        let pattern = Array(needle.utf8)
        guard !pattern.isEmpty else { return nil }
        var start = utf8.startIndex
        while start != utf8.endIndex {
            var index = start
            var matched = 0
            while matched < pattern.count, index != utf8.endIndex, utf8[index] == pattern[matched] {
                index = utf8.index(after: index)
                matched += 1
            }
            if matched == pattern.count { return start..<index }
            start = utf8.index(after: start)
        }
        return nil
    }
}
