import CoreIngest

/// What a request says of who sent it: network user id, address, user agent.
struct SnowplowVisitor: ~Copyable {
    /// `SP-Anonymous` was sent: no id, no address.
    let isAnonymous: Bool
    /// A cookie by which the visitor asks not to be tracked was sent.
    let isLeftAlone: Bool
    /// The network user id; nil where there is none.
    let networkUser: [UInt8]?
    /// The value of `Set-Cookie`; nil for none.
    let setCookie: String?

    static let anonymousID = Array("00000000-0000-0000-0000-000000000000".utf8)

    /// `events` makes the id of a new visitor.
    init(
        _ request: borrowing CollectedRequest, _ settings: SnowplowSettings, _ parameter: [UInt8]?,
        _ events: inout CollectedEvents
    ) {
        let cookies = request.headers["cookie"]
        isAnonymous = request.headers["sp-anonymous"] != nil
        isLeftAlone =
            if let asked = settings.doNotTrack, let cookies, let value = Cookies.value(of: asked.name, in: cookies) {
                value.elementsEqual(asked.value.utf8)
            } else {
                false
            }
        let sent = settings.cookie.flatMap { cookie in cookies.flatMap { Cookies.value(of: cookie.name, in: $0) } }
        let known = [parameter, sent.map { Array($0) }].compactMap { $0 }.first(where: Self.isID)
        if isAnonymous {
            networkUser = Self.anonymousID
        } else if let known {
            networkUser = known
        } else if let identity = request.identity {
            networkUser = Array(identity)
        } else {
            networkUser = settings.cookie == nil ? nil : Array(events.randomID().text.utf8)
        }
        guard let cookie = settings.cookie, !isLeftAlone else {
            setCookie = nil
            return
        }
        if isAnonymous {
            setCookie = sent == nil ? nil : Self.text(cookie, "", seconds: 0)
        } else {
            setCookie = networkUser.map {
                Self.text(cookie, String(decoding: $0, as: UTF8.self), seconds: cookie.seconds)
            }
        }
    }

    /// What may be an id: it goes into a header of the answer, so its bytes are few and plain.
    private static func isID(_ text: [UInt8]) -> Bool {
        (1...100).contains(text.count)
            && text.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }

    private static func text(_ cookie: SnowplowSettings.Cookie, _ value: String, seconds: Int) -> String {
        var text = "\(cookie.name)=\(value); Max-Age=\(seconds); Path=/"
        if let domain = cookie.domain { text += "; Domain=\(domain)" }
        text += "; SameSite=\(cookie.sameSite)"
        if cookie.isSecure { text += "; Secure" }
        if cookie.isHTTPOnly { text += "; HttpOnly" }
        return text
    }
}
