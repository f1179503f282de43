import Testing

@testable import Sinks

@Suite struct OutputNameTests {
    @Test(arguments: ["events", "a", "Invalid_Events-2", "shop.public.orders", "events-2026-11-21"])
    func plainNamesAreTaken(_ text: String) { #expect(OutputName(text)?.text == text) }

    @Test(arguments: [
        "", ".", "..", ".hidden", "../up", "a/b", "/", "a b", "a\nb", "a\u{0}b", "é", "*", "$x",
        String(repeating: "a", count: 129),
    ])
    func namesThatCouldBeAPathOrSurpriseAShellAreRefused(_ text: String) { #expect(OutputName(text) == nil) }

    @Test(arguments: OutputCompression.allCases) func fileNamesSurviveParsing(_ compression: OutputCompression) throws {
        let output = try #require(OutputName("events"))
        for sequence in [0, 1, 42, 9999, 10_000] {
            let name = OutputFileName(day: "2026-11-21", sequence: sequence)
            #expect(OutputFileName(parsing: name.text(output, compression), output, compression) == name)
        }
    }

    @Test(arguments: [
        "events.ndjson", "events-2026-11-21.ndjson.gz", "events-2026-11-2x.ndjson", "events-2026-11-21-1.ndjson",
        "events-2026-11-21-0000.ndjson", "events-2026-11-21-00001.ndjson", "events-2026-11-21_0001.ndjson",
        "events-2026-11-21-.ndjson", "event-2026-11-21.ndjson", "events-2026-11-21-2026-11-21.ndjson",
        "events-more-2026-11-21.ndjson", "xevents-2026-11-21.ndjson", "events-2026-11-21.ndjsonx",
    ])
    func otherFileNamesAreNotTaken(_ text: String) throws {
        #expect(OutputFileName(parsing: text, try #require(OutputName("events")), .none) == nil)
    }

    @Test func filesAreOrderedAsTheyWereWritten() {
        let names = [
            ("2026-11-21", 0), ("2026-11-21", 1), ("2026-11-21", 10_000), ("2026-11-22", 0), ("2027-01-01", 0),
        ]
        .map { OutputFileName(day: $0.0, sequence: $0.1) }
        #expect(names.shuffled().sorted() == names)
    }
}
