/// Hides passwords in connection strings. When in doubt it hides too much.
package enum SecretMasking {
    /// What stands for a secret.
    package static let mask = "***"

    /// A `scheme://user:password@host/…?password=…` URL or libpq's `key=value` string with its secrets masked.
    package static func connection(_ text: String) -> String {
        text.contains("://") ? url(text) : keywords(text)
    }

    // Both work on scalars: a combining mark after a sign that matters must not hide the sign.

    private static func url(_ text: String) -> String {
        var text = text.unicodeScalars
        if let question = text.firstIndex(of: "?") {
            let parameters = text[text.index(after: question)...].split(
                separator: "&", omittingEmptySubsequences: false)
            let masked = parameters.map { parameter -> String in
                let name = parameter.prefix { $0 != "=" }
                let isMasked = isSecret(percentDecoded(String(name))) && name.count < parameter.count
                return isMasked ? "\(String(name))=\(mask)" : String(parameter)
            }
            text = (String(text[...question]) + masked.joined(separator: "&")).unicodeScalars
        }
        // Up to the last '@': a password may hold one that was not encoded.
        guard let scheme = String(text).firstRange(of: "://"), let at = text.lastIndex(of: "@"),
            scheme.upperBound <= at,
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        else { return String(text) }
        return String(text[...colon]) + mask + String(text[at...])
    }

    /// libpq's grammar: `name = value`, values in single quotes with backslash escapes where needed.
    private static func keywords(_ text: String) -> String {
        var out = ""
        var rest = Substring(text).unicodeScalars
        while true {
            let start = rest
            rest = rest.drop(while: isBlank)
            if rest.isEmpty { return out + String(start) }
            let name = rest.prefix { $0 != "=" && !isBlank($0) }
            rest = rest.dropFirst(name.count).drop(while: isBlank)
            // No connection string: whatever it is, it may hold a secret.
            guard rest.first == "=" else { return out.isEmpty ? mask : out + " " + mask }
            rest = rest.dropFirst().drop(while: isBlank)
            out += String(start[..<rest.startIndex])
            let value = rest
            let isQuoted = rest.first == "'"
            if isQuoted { rest = rest.dropFirst() }
            while let scalar = rest.first, isQuoted ? scalar != "'" : !isBlank(scalar) {
                rest = rest.dropFirst(scalar == "\\" ? 2 : 1)
            }
            let isEnded = !isQuoted || !rest.isEmpty
            if isQuoted { rest = rest.dropFirst() }
            out += isSecret(String(name)) || !isEnded ? mask : String(value[..<rest.startIndex])
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    private static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        if name == "passfile" { return false }
        return ["pass", "secret", "token", "scram_client_key", "scram_server_key"].contains { name.contains($0) }
    }

    private static func percentDecoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
