import CoreIngest
import Sinks
import Testing

@Suite struct BlackholeSinkTests {
    @Test func everythingIsTakenAndCounted() async throws {
        let sample = try SampleEvents()
        let sink = BlackholeSink(name: "nothing", renderer: SampleEvents.renderer)
        #expect(sink.takesInvalidEvents)
        #expect(try await sink.open().isEmpty)
        let batch = sample.batch([
            .init(payload: "", operation: .snapshotBegin), .init(payload: "{\"id\":1}"),
            .init(payload: "{\"id\":2}", isInvalid: true),
        ])
        #expect(await sink.write([BatchSlice(batch), BatchSlice(batch, range: 1..<2)]).isDelivered)
        try await sink.flush()
        #expect(sink.events == 3)
        #expect(sink.writes == 1)
        #expect(sink.bytes == 0)
        await sink.close()
    }

    @Test func renderingCountsTheBytesOfTheLines() async throws {
        let sink = BlackholeSink(
            name: "nothing", settings: .init(render: true, format: .row, takesInvalidEvents: false),
            renderer: SampleEvents.renderer)
        #expect(!sink.takesInvalidEvents)
        #expect(await sink.write([BatchSlice(try SampleEvents().rows(0..<3), range: 1..<3)]).isDelivered)
        #expect(sink.bytes == rowLines(1..<3).utf8.count)
    }
}
