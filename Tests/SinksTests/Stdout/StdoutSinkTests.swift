import CoreIngest
import Glibc
import TestServers
import Testing

@testable import Sinks

@Suite struct StdoutSinkTests {
    let sample: SampleEvents

    init() throws { sample = try SampleEvents() }

    private func sink(
        _ descriptor: Int32, _ environment: [String: String] = [:],
        _ change: (inout StdoutSink.Settings) -> Void = { _ in }
    ) -> StdoutSink {
        var settings = StdoutSink.Settings(format: .row, timeLimit: 20)
        change(&settings)
        return StdoutSink(
            name: "screen", settings: settings, renderer: SampleEvents.renderer, descriptor: descriptor,
            environment: { environment[$0] })
    }

    private var update: EventBatch {
        sample.batch([
            .init(
                payload: "{\"id\":42,\"status\":\"shipped\"}", operation: .update, key: "{\"id\":42}",
                before: "{\"id\":42,\"status\":\"paid\"}")
        ])
    }

    @Test func aPipeGetsTheFormatsLines() async throws {
        let pipe = try Channel.pipe()
        let sink = sink(pipe.writing)
        #expect(try await sink.open().isEmpty)
        #expect(await sink.write([BatchSlice(sample.rows(0..<4), range: 1..<4)]).isDelivered)
        try await sink.flush()
        #expect(pipe.available() == rowLines(1..<4))
    }

    @Test func aTerminalGetsAColouredSummary() async throws {
        let terminal = try Channel.terminal()
        #expect(await sink(terminal.writing).write([BatchSlice(update)]).isDelivered)
        let shown = terminal.available()
        #expect(shown.contains("\u{1B}[33mu\u{1B}[0m"))
        #expect(shown.contains("\u{1B}[1mpublic.orders\u{1B}[0m"))
    }

    @Test(arguments: [
        (["NO_COLOR": "1"], StdoutSink.Settings.Color.auto, false), (["TERM": "dumb"], .auto, false),
        ([:], .never, false),
        (["NO_COLOR": ""], .auto, true), (["NO_COLOR": "1"], .always, true),
    ])
    func coloursFollowTheSettingAndTheEnvironment(
        _ environment: [String: String], _ color: StdoutSink.Settings.Color, _ expected: Bool
    ) async throws {
        let terminal = try Channel.terminal()
        #expect(await sink(terminal.writing, environment) { $0.color = color }.write([BatchSlice(update)]).isDelivered)
        #expect(terminal.available().contains("\u{1B}[") == expected)
    }

    @Test func aSummaryOnAPipeHasNoColourAndNoLimit() async throws {
        let pipe = try Channel.pipe()
        #expect(await sink(pipe.writing) { $0.style = .summary }.write([BatchSlice(update)]).isDelivered)
        #expect(
            pipe.available()
                == "14:02:11.123  u  public.orders  id=42  status: \"paid\" → \"shipped\"  1-0-0\n")
    }

    @Test func aSummaryFitsTheTerminal() async throws {
        let terminal = try Channel.terminal()
        _ = try ChildProcess.run(
            ["sh", "-c", "stty cols 50 < \(terminal.path)"], folder: TemporaryFolder("stty"))
        #expect(await sink(terminal.writing) { $0.color = .never }.write([BatchSlice(update)]).isDelivered)
        let line = terminal.available()
        #expect(line.hasSuffix("…  1-0-0\n"))
        #expect(line.count == 51)
    }

    @Test(arguments: [StdoutSink.Settings.Style.lines, .summary])
    func nothingThatATerminalObeysReachesIt(_ style: StdoutSink.Settings.Style) async throws {
        let terminal = try Channel.terminal()
        let evil = "\u{7F}\u{9B}31m\u{202E}x"
        let batch = sample.batch([.init(payload: "{\"text\":\"\(evil)\"}", key: "{\"\(evil)\":\"\(evil)\"}")])
        #expect(
            await sink(terminal.writing) {
                $0.style = style
                $0.color = .never
            }.write([BatchSlice(batch)]).isDelivered)
        let shown = terminal.available()
        #expect(shown.contains("\"\\u007f\\u009b31m\\u202ex\""))
        for scalar in evil.unicodeScalars.prefix(2) { #expect(!shown.unicodeScalars.contains(scalar)) }
        #expect(!shown.unicodeScalars.contains("\u{202E}"))
        #expect(shown.hasSuffix("\n"))
    }

    @Test func bytesForAProgramAreNotTouched() async throws {
        let pipe = try Channel.pipe()
        let payload = "{\"text\":\"\u{7F}\u{9B}\u{202E}\"}"
        #expect(await sink(pipe.writing).write([BatchSlice(sample.batch([.init(payload: payload)]))]).isDelivered)
        #expect(pipe.available() == payload + "\n")
    }

    @Test func aReaderThatStandsStillFailsInTimeAndMissesNothingLater() async throws {
        let pipe = try Channel.pipe()
        let sink = sink(pipe.writing)
        let slices = [BatchSlice(sample.rows(100_000..<110_000)), BatchSlice(sample.rows(110_000..<120_000))]
        var text = ""
        var failures = 0
        while true {
            let outcome = await sink.write(slices)
            text += pipe.available()
            guard let failure = outcome.failure else { break }
            #expect(failure.code == .unavailable)
            #expect(failure.message.contains("its reader has taken nothing"))
            failures += 1
            try #require(failures < 100)
        }
        #expect(failures > 0)
        #expect(text == rowLines(100_000..<120_000))
    }

    @Test func aReaderThatLeftIsAPreciseFailure() async throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = try Channel.pipe()
        let sink = sink(pipe.writing)
        pipe.closeReading()
        let failure = try #require(await sink.write([BatchSlice(sample.rows(0..<2))]).failure)
        #expect(failure.code == .unavailable)
        #expect(failure.message.contains("Broken pipe"))
        #expect(failure.message.contains("its reader is gone"))
    }

    @Test func aFileGetsWholeLinesAndAFlush() async throws {
        let folder = try TemporaryFolder("stdout")
        let path = "\(folder.path)/out"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let sink = sink(descriptor)
        #expect(await sink.write([BatchSlice(sample.rows(0..<5000))]).isDelivered)
        try await sink.flush()
        #expect(readText(path) == rowLines(0..<5000))
    }

    @Test func aClosedDescriptorIsToldAtTheStart() async throws {
        let failure = await #expect(throws: SinkFailure.self) { try await sink(9999).open() }
        #expect(failure?.code == .misconfigured)
    }
}
