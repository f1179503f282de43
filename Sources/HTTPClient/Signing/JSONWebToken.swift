/// A token that says who one is: JSON Web Token (RFC 7519) in the compact form of RFC 7515, signed by `RS256`.
package struct JSONWebToken: Sendable {
    /// A claim's value.
    package enum Claim: Sendable {
        case text(String)
        /// A NumericDate: seconds since the Unix epoch.
        case time(Int)
    }

    /// Which of the issuer's keys signs (`kid`), where the receiver wants to know.
    package var keyID: String?
    /// In this order.
    package var claims: [(name: String, value: Claim)]

    package init(keyID: String? = nil, claims: [(name: String, value: Claim)]) {
        self.keyID = keyID
        self.claims = claims
    }

    package func signed(by key: RSAPrivateKey) throws(SigningError) -> String {
        var header: [(name: String, value: Claim)] = [("alg", .text("RS256")), ("typ", .text("JWT"))]
        if let keyID { header.append(("kid", .text(keyID))) }
        let content = "\(Self.part(header)).\(Self.part(claims))"
        return "\(content).\(Base64.urlText(try key.sign(Array(content.utf8))))"
    }

    private static func part(_ members: [(name: String, value: Claim)]) -> String {
        let fields = members.map { member in
            switch member.value {
            case .text(let text): "\(json(member.name)):\(json(text))"
            case .time(let seconds): "\(json(member.name)):\(seconds)"
            }
        }
        return Base64.urlText(Array("{\(fields.joined(separator: ","))}".utf8))
    }

    /// A string of RFC 8259 section 7.
    private static func json(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                out += "\\"
                out.unicodeScalars.append(scalar)
            case "\0"..<" ":
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
