import CoreIngest
import Testing

@testable import Collector

@Suite("Text from clients")
struct TextReadingTests {
    @Test(
        "Base64 is read in both alphabets, with and without padding",
        arguments: [
            ("", ""), ("Zg", "f"), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"),
            ("w6k_fsO-", "é?~þ"), ("w6k/fsO+", "é?~þ"), ("w6k/fsO ", "é?~þ"),
        ])
    func base64(text: String, value: String) {
        var arena = ByteArena()
        #expect(Array(text.utf8).withUnsafeBytes { Base64Text.append($0, to: &arena) } == nil)
        #expect(String(decoding: arena.bytes, as: UTF8.self) == value)
    }

    @Test(
        "What is not base64 is told with its place",
        arguments: [("Z", 0), ("Zm9v!", 4), ("Z*9v", 1), ("Zg===", 2), ("Zm=v", 2)])
    func notBase64(text: String, offset: Int) {
        var arena = ByteArena()
        arena.append("x")
        let found = Array(text.utf8).withUnsafeBytes { Base64Text.append($0, to: &arena) }
        #expect(found == offset)
        #expect(arena.count == 1)
    }

    @Test(
        "Times of RFC 3339 are read to the microsecond",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("1970-01-01t00:00:00.000001z", 1),
            ("2026-11-21T05:21:11.311+00:00", 1_795_238_471_311_000),
            ("2026-11-21T07:21:11.3119999+02:00", 1_795_238_471_311_999),
            ("2000-02-29T12:00:00-05:30", 951_845_400_000_000), ("1969-12-31T23:59:59.5Z", -500_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ])
    func times(text: String, value: Int64) {
        #expect(Array(text.utf8).withUnsafeBytes { TimeText.microseconds($0) } == value)
    }

    @Test(
        "Other texts are no times",
        arguments: [
            "", "2026-11-21", "2026-11-21T05:21:11", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00Z ",
            "2026-01-01T00:00:00.1", "20260101T000000Zxxxx", "1795238471311",
        ])
    func noTimes(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { TimeText.microseconds($0) } == nil)
    }

    @Test(
        "Redirects go to allowed hosts only",
        arguments: [
            ("https://shop.example.com/a?b#c", true), ("HTTP://SHOP.example.com:8080", true),
            ("https://a.b.acme.org/", true),
            ("https://acme.org/", false), ("https://evilacme.org/", false),
            ("https://shop.example.com.evil.org/", false),
            ("https://shop.example.com@evil.org/", false), ("https://evil.org/shop.example.com", false),
            ("//shop.example.com/", false), ("javascript:alert(1)", false),
            ("https://shop.example.com\\@evil.org", false),
            ("https://evil.org#.acme.org", false), ("https://shop.example.com:80:x/", false), ("", false),
            ("https://shop.example.com/\r\nSet-Cookie: a=b", false), ("https:///a", false),
            ("https://.acme.org/", false),
        ])
    func redirects(url: String, isAllowed: Bool) {
        let allowed = AllowedRedirects(hosts: ["Shop.example.com", "*.acme.org"])
        #expect((Array(url.utf8).withUnsafeBytes { allowed.location($0) } != nil) == isAllowed, "\(url)")
    }

    @Test(
        "A number is told from other text as JSON does",
        arguments: [
            ("0", true, true), ("-12", true, true), ("1.5", true, false), ("1e21", true, false), ("01", false, false),
            ("", false, false), ("-", false, false), ("1.", false, false), ("1,5", false, false), (" 1", false, false),
            ("NaN", false, false), ("12345678901234567890123", true, true),
        ])
    func numbers(text: String, isNumber: Bool, isWhole: Bool) {
        #expect(Array(text.utf8).withUnsafeBytes { NumberText.isNumber($0) } == isNumber)
        #expect(Array(text.utf8).withUnsafeBytes { NumberText.isNumber($0, isWhole: true) } == isWhole)
    }

    @Test("Cookies are found by their whole name")
    func cookies() {
        func value(_ header: String) -> String? {
            Array(header.utf8).withUnsafeBytes { bytes in
                Cookies.value(of: "sp", in: bytes).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(value("a=1; sp=x-y; b=2") == "x-y")
        #expect(value("xsp=1;sp=") == "")
        #expect(value("asp=1; sps=2") == nil)
        #expect(value("") == nil)
    }
}
