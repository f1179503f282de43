import CoreIngest
import Glibc
import TestServers
import Testing

@testable import Sinks

@Suite struct FileSinkRestartTests {
    let fixture: FileSinkFixture
    let sample: SampleEvents
    let file = "events-2026-11-21.ndjson"

    init() throws {
        fixture = try FileSinkFixture()
        sample = try SampleEvents()
    }

    /// Writes batches, flushed, as a process that then ends.
    private func run(_ batches: [EventBatch], compression: OutputCompression = .none) async throws {
        let sink = try fixture.sink { $0.compression = compression }
        _ = try await sink.open()
        for batch in batches {
            #expect(await sink.write([BatchSlice(batch)]).isDelivered)
            try await sink.flush()
        }
        await sink.close()
    }

    @Test func aRestartAnswersThePositionOfTheLastFlush() async throws {
        let other = try SampleEvents(source: "a name with \"quotes\", spaces and 🚲")
        let sink = try fixture.sink()
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<4, commit: 100)), BatchSlice(other.rows(0..<2, commit: 9))])
        try await sink.flush()
        // Replayed dead letters lie before what is there already: the position does not go back.
        _ = await sink.write([BatchSlice(sample.rows(0..<1, commit: 50))])
        try await sink.flush()
        // Not flushed: not promised.
        _ = await sink.write([BatchSlice(sample.rows(4..<5, commit: 200))])
        await sink.close()

        let positions = try await fixture.sink().open()
        #expect(
            positions == [
                sample.source: Position(commit: 100, ordinal: 3), other.source: Position(commit: 9, ordinal: 1),
            ])
    }

    @Test(arguments: ["{\"id\":", "{", "\u{0}\u{0}\u{0}", "\u{0}\u{0}\n{\"id\":9}\n"])
    func aTornTailIsCutAndWholeLinesStay(_ tail: String) async throws {
        try await run([sample.rows(0..<3)])
        let handle = try #require(fopen("\(fixture.path)/\(file)", "a"))
        let bytes = Array((rowLines(3..<5) + tail).utf8)
        #expect(fwrite(bytes, 1, bytes.count, handle) == bytes.count)
        fclose(handle)

        let sink = try fixture.sink()
        #expect(try await sink.open() == [sample.source: Position(commit: 100, ordinal: 2)])
        #expect(fixture.text(file) == rowLines(0..<5))
        _ = await sink.write([BatchSlice(sample.rows(5..<6))])
        #expect(fixture.text(file) == rowLines(0..<6))
        await sink.close()
    }

    @Test func aFileThatIsOneHalfLineBecomesEmpty() async throws {
        _ = mkdir(fixture.path, 0o755)
        try fixture.append("{\"id\":0", to: file)
        let sink = try fixture.sink()
        _ = try await sink.open()
        #expect(fixture.text(file) == "")
        _ = await sink.write([BatchSlice(sample.rows(0..<1))])
        #expect(fixture.text(file) == rowLines(0..<1))
        await sink.close()
    }

    @Test func aFileThatLostDurableLinesTakesThePositionBack() async throws {
        try await run([sample.rows(0..<3)])
        #expect(truncate("\(fixture.path)/\(file)", 9) == 0)
        #expect(try await fixture.sink().open().isEmpty)
    }

    @Test func aFileThatIsGoneTakesThePositionBack() async throws {
        try await run([sample.rows(0..<3)])
        #expect(unlink("\(fixture.path)/\(file)") == 0)
        #expect(try await fixture.sink().open().isEmpty)
    }

    @Test func aDamagedStateFileIsNotBelieved() async throws {
        try await run([sample.rows(0..<3)])
        let path = "\(fixture.path)/.events.state"
        let text = readText(path)
        #expect(text.contains(" 100 2 "))
        // The position made larger by one letter: only the checksum can tell.
        let damaged = String(text.split(separator: " ").map { $0 == "100" ? "900" : $0 }.joined(separator: " "))
        try writeText(damaged, to: path)
        #expect(try await fixture.sink().open().isEmpty)
        try writeText("", to: path)
        #expect(try await fixture.sink().open().isEmpty)
    }

    @Test func otherFilesInTheFolderAreLeftAlone() async throws {
        _ = mkdir(fixture.path, 0o755)
        let others = ["events-2026-11-21.json", "notes.ndjson", "events-2026-11-21-1.ndjson", "events-x.ndjson"]
        for name in others { try fixture.append("half a line", to: name) }
        try await run([sample.rows(0..<1)])
        for name in others { #expect(fixture.text(name) == "half a line") }
    }

    @Test func aStateSurvivesItsTextForm() {
        let state = OutputState.Checkpoint(
            files: ["a-2026-11-21.ndjson": 0, "b-2026-11-21-0001.ndjson.gz": 12],
            positions: [
                SourceIdentity(name: "", systemIdentifier: .max): Position(commit: .max, ordinal: .max),
                SourceIdentity(name: "line\nbreak end 1", systemIdentifier: 0, generation: .max): .start,
            ])
        let text = OutputState.text(state)
        #expect(OutputState.parse(text) == state)
        // A shorter text over a longer one leaves the old end behind it.
        #expect(OutputState.parse(text + "file 7 old\nend 3\n") == state)
        for length in 0..<text.count - 1 { #expect(OutputState.parse(String(text.prefix(length))) == nil) }
    }
}
