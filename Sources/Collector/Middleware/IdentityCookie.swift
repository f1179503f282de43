/// Gives each browser an id, in a cookie.
struct IdentityCookie: Sendable {
    private let settings: IdentitySettings

    init(_ settings: IdentitySettings) { self.settings = settings }

    /// The id that a request carries: up to 128 letters, digits, `-`, `_` or `.`; anything else is as if it had none.
    func value(_ headers: HeaderFields) -> UnsafeRawBufferPointer? {
        headers["cookie"].flatMap { Cookies.value(of: settings.cookie, in: $0) }.flatMap { value in
            (1...128).contains(value.count) && value.allSatisfy(Self.isPlain) ? value : nil
        }
    }

    /// For whom no id is kept: who asks for it as Snowplow's trackers do, or by Global Privacy Control.
    func isAnonymous(_ headers: HeaderFields) -> Bool {
        headers["sp-anonymous"] != nil || headers["sec-gpc"].map { $0.elementsEqual("1".utf8) } ?? false
    }

    func header(_ value: String) -> CollectedAnswer.Header {
        var text = "\(settings.cookie)=\(value); Path=\(settings.path); Max-Age=\(settings.maxAge.components.seconds)"
        text += "; SameSite=\(settings.sameSite.rawValue); HttpOnly"
        if settings.isSecure || settings.sameSite == .none { text += "; Secure" }
        if let domain = settings.domain { text += "; Domain=\(domain)" }
        return .init("Set-Cookie", text)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
