import Testing

@testable import CoreIngest

@Suite("Text forms of values")
struct ConfigurationTextFormsTests {
    @Test(
        "Durations are read and written",
        arguments: [
            ("5s", Duration.seconds(5), "5s"), ("100ms", .milliseconds(100), "100ms"), ("60s", .seconds(60), "1m"),
            ("2h", .seconds(7200), "2h"), ("1d", .seconds(86400), "1d"), ("90s", .seconds(90), "90s"),
            ("0s", .zero, "0s"), ("0ms", .zero, "0s"), ("7us", .microseconds(7), "7us"),
        ])
    func durations(text: String, value: Duration, written: String) {
        #expect(DurationText.parse(text) == value)
        #expect(DurationText.text(value) == written)
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "", "5", "s", "5 s", "-5s", "1.5s", "5S", "5sec", "99999999999999999999s", "9223372036854775807d", "٣s",
        ])
    func noDurations(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "Sizes are read and written",
        arguments: [
            ("64MiB", 64 << 20, "64MiB"), ("1024", 1024, "1KiB"), ("10MB", 10_000_000, "10000000"),
            ("3 GiB", 3 << 30, "3GiB"),
            ("1TiB", 1 << 40, "1TiB"), ("2048GiB", 2 << 40, "2TiB"), ("0", 0, "0"), ("7B", 7, "7"),
            ("1KB", 1000, "1000"),
        ])
    func sizes(text: String, value: Int, written: String) {
        #expect(ByteSizeText.parse(text) == value)
        #expect(ByteSizeText.text(value) == written)
    }

    @Test(
        "What is no size is refused",
        arguments: ["", "MiB", "-1", "1.5MiB", "64M", "64Mi", "64mib", "1 ", "99999999999999999999", "9999999999TiB"])
    func noSizes(text: String) {
        #expect(ByteSizeText.parse(text) == nil)
    }

    @Test(
        "The nearest name is a slip away, or none",
        arguments: [
            ("sink", "sinks"), ("Sinks", "sinks"), ("stateDri", "stateDir"), ("state_dir", "stateDir"),
            ("statedir", "stateDir"),
            ("loglevle", "logLevel"), ("zzz", nil), ("", nil),
        ])
    func nearest(text: String, expected: String?) {
        #expect(NearestName.of(text, among: ["sinks", "stateDir", "logLevel"]) == expected)
    }

    @Test(
        "Passwords in connection strings are masked",
        arguments: [
            ("postgres://u:p@h:5432/db", "postgres://u:***@h:5432/db"),
            ("postgres://u@h:5432/db", "postgres://u@h:5432/db"),
            ("postgres://h:5432/db", "postgres://h:5432/db"), ("postgres://u:p@w/x@h/db", "postgres://u:***@h/db"),
            ("postgres://u:p?a&b@h/db", "postgres://u:***@h/db"), ("postgres://u:@h/db", "postgres://u:***@h/db"),
            ("postgres://u:p@\u{301}h/db", "postgres://u:***@\u{301}h/db"),
            (
                "postgres://h/db?user=u&password=s@x&sslmode=require",
                "postgres://h/db?user=u&password=***&sslmode=require"
            ),
            ("postgres://h/db?pass%77ord=s", "postgres://h/db?pass%77ord=***"),
            ("postgres://h/db?sslpassword=s&x=1", "postgres://h/db?sslpassword=***&x=1"),
            ("host=h password=secret user=u", "host=h password=*** user=u"),
            ("host=h password = 'it\\'s secret' user=u", "host=h password = *** user=u"),
            ("password='a b'user=u", "password=***user=u"), ("user='x password=secret", "user=***"),
            ("PASSWORD=secret", "PASSWORD=***"), ("host=h secret", "host=h ***"), ("secret", "***"), ("", ""),
            ("password=a\\ b host=h", "password=*** host=h"),
        ])
    func masked(text: String, expected: String) {
        #expect(SecretMasking.connection(text) == expected)
    }
}
