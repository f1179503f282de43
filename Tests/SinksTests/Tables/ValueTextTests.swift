import CoreIngest
import Testing

@testable import Sinks

@Suite("Values read from their texts")
struct ValueTextTests {
    private func bytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = text
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    @Test(
        "Dates and timestamps",
        arguments: [
            ("1970-01-01", 0), ("2026-01-02T03:04:05.123456Z", 1_767_323_045_123_456),
            ("1900-01-01", -2_208_988_800_000_000),
            ("2000-02-29T00:00:00.1", 951_782_400_100_000), ("0001-01-01", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999", 253_402_300_799_999_999),
        ])
    func times(text: String, expected: Int64) {
        #expect(bytes(text) { CalendarText($0)?.microsecondsSinceEpoch } == expected)
    }

    @Test func timesBeyond() {
        for text in ["infinity", "10000-01-01", "294276-12-31 23:59:59.999999+00"] {
            #expect(bytes(text) { CalendarText($0) } == .after)
        }
        for text in ["-infinity", "0044-03-15 BC", "4714-11-24 00:00:00+00 BC"] {
            #expect(bytes(text) { CalendarText($0) } == .before)
        }
        for text in [
            "", "x", "2026", "2026-13-01", "2026-01-02T", "2026-01-02T03:04", "2026-01-02T03:04:05.",
            "2026-01-02T03:04:05ZZ",
        ] {
            #expect(bytes(text) { CalendarText($0) } == nil, "\(text)")
        }
    }

    @Test func decimals() {
        #expect(
            bytes("-12.50") {
                DecimalText($0)?.scaled(precision: 12, scale: 2).map { "\(Int64(bitPattern: $0.0)) \($0.3)" }
            } == "-1250 \(UInt64.max)")
        #expect(bytes("0.05") { DecimalText($0)?.scaled(precision: 5, scale: 4)?.0 } == 500)
        #expect(
            bytes("100000000000000000000") {
                DecimalText($0)?.scaled(precision: 38, scale: 0).map { "\($0.0) \($0.1)" }
            } == "7766279631452241920 5")
        #expect(bytes("000.10") { DecimalText($0).map { "\($0.whole) \($0.fraction)" } } == "0 2")
        #expect(bytes("123.4") { DecimalText($0)?.fits(precision: 3, scale: 1) } == false)
        #expect(bytes("1.25") { DecimalText($0)?.fits(precision: 9, scale: 1) } == false)
        for text in ["NaN", "Infinity", "1e5", "", "-", "1.2.3", "--1"] {
            #expect(bytes(text) { DecimalText($0) == nil }, "\(text)")
        }
    }
}
