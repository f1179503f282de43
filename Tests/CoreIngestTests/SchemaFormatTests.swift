import Testing

@testable import CoreIngest

/// Formats, beyond what the official suite asks (``SchemaSuiteTests``).
@Suite struct SchemaFormatTests {
    @Test(
        "what the suite does not ask",
        arguments: [
            // Bytes that become the wanted one when a bit for the case of letters is set.
            ("email", "a@[IPv\u{16}:::1]", false), ("email", "a@[IPv6\u{1A}::1]", false),
            ("date-time", "2020-01-01\u{54}00:00:00Z", true), ("email", "a@[ipv6:::1]", true),
            ("email", String(repeating: "a", count: 64) + "@b", true),
            ("email", String(repeating: "a", count: 65) + "@b", false),
            ("email", "a@" + String(repeating: "b.", count: 127) + "c", true),
            ("email", "a@" + String(repeating: "b.", count: 128) + "c", false),
            ("email", "a@b.", false), ("email", "\"\\\"@b", false), ("email", "\"\\\"\"@b", true),
            ("hostname", String(repeating: "b.", count: 126) + "c", true),
            ("hostname", String(repeating: "b.", count: 127) + "c", false),
            // A name is bidirectional by any of its labels, in either spelling.
            ("hostname", "a.xn--4db", true), ("hostname", "0a.xn--4db", false),
            ("hostname", "XN--4DB", true), ("hostname", "xn--", false),
            ("idn-hostname", "faß.de", true), ("idn-hostname", "Faß.de", false), ("idn-hostname", "ab--cd", false),
            ("idn-hostname", "🎉.de", false),
            // Normalization: a composite, its parts, marks in another order, a mark that a composite hides.
            ("idn-hostname", "caf\u{E9}", true), ("idn-hostname", "cafe\u{301}", false),
            ("idn-hostname", "\u{1EB9}\u{301}", true), ("idn-hostname", "\u{E9}\u{323}", false),
            ("idn-hostname", "x\u{323}\u{301}", true), ("idn-hostname", "x\u{301}\u{323}", false),
            ("idn-hostname", "x\u{301}\u{301}", true),
            ("ipv6", "1:2:3:4:5:6:7::", true), ("ipv6", "::2:3:4:5:6:7:8", true), ("ipv6", "1::2:3:4:5:6:7:8", false),
            ("ipv6", ":", false), ("ipv6", ":::", false), ("ipv6", "", false),
            ("uri", "a:", true), ("uri", "a://[v1.]", false), ("uri", "a://b:/", true), ("uri", "a://b:1:2", false),
            ("iri", "a:\u{E000}", false), ("iri", "a:?\u{E000}", true), ("iri", "a:\u{FFFF}", false),
            ("uri-template", "{=a}", true), ("uri-template", "{a:10000}", false), ("uri-template", "{%4}", false),
            ("uri-template", "{a*:1}", false), ("relative-json-pointer", "0-1", false),
            ("duration", "P1Y1M1DT1S", true), ("duration", "P1YT1M", true), ("duration", "P1D1D", false),
            ("date", "2000-02-29", true), ("date", "1900-02-29", false), ("time", "00:00:00", false),
        ] as [(String, String, Bool)])
    func more(_ name: String, _ text: String, _ valid: Bool) throws {
        #expect(Self.ask(try #require(SchemaFormat(name: name, dialect: .draft2020)), text) == valid)
    }

    @Test("a dialect has its formats, and those that Iglu's schemas use")
    func dialects() {
        func count(_ dialect: SchemaDialect) -> Int {
            Set(SchemaFormat.allCases.map(\.name)).filter { SchemaFormat(name: $0, dialect: dialect) != nil }.count
        }
        #expect(count(.draft4) == 6 + 4)
        #expect(count(.draft6) == 9 + 4)
        #expect(count(.draft7) == 17 + 1)
        #expect(count(.draft2019) == 19)
        #expect(count(.draft2020) == 19)
        for format in SchemaFormat.allCases where format != .plainHostname {
            #expect(SchemaFormat(name: format.name, dialect: .draft2020) == format)
        }
    }

    @Test("bytes that are no UTF-8, and pieces of everything, end in an answer")
    func garbage() {
        let seeds = [
            "2020-02-29T23:59:60+23:59", "P1Y2M3DT4H5M6S", "\"a b\"@[IPv6:::1]", "xn--4db.xn--zca29lwxobi7a.ab",
            "l\u{B7}l。\u{915}\u{94D}\u{200C}\u{937}.e\u{301}\u{323}\u{5D0}1\u{660}", "1:2::255.1.1.1",
            "a://b%41@[v1.a]:80/c?d#\u{E9}", "{+a.b:12,c*}\u{1F600}", "0/~0~1", "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            #"^(?<a>[^\d]{2,3})\k<a>\p{Lu}$"#,
        ]
        var state: UInt64 = 42
        func random(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Array(seeds[random(seeds.count)].utf8)
            for _ in 0...random(4) {
                let index = random(bytes.count + 1)
                switch random(4) {
                case 0: bytes.insert(UInt8(random(256)), at: index)
                case 1: bytes.removeSubrange(index...)
                case 2: bytes += Array(seeds[random(seeds.count)].utf8.prefix(random(40)))
                default: if index < bytes.count { bytes[index] = UInt8(random(256)) }
                }
            }
            for format in SchemaFormat.allCases where bytes.withUnsafeBytes({ format.matches($0) }) { accepted += 1 }
        }
        #expect(accepted > 1000)
    }

    private static func ask(_ format: SchemaFormat, _ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { format.matches($0) }
    }
}
