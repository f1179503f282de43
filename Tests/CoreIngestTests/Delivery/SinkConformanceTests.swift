import SinkTesting
import Testing

@Suite struct SinkConformanceTests {
    @Test(arguments: [false, true])
    func aSinkThatKeepsItsContractPasses(storesPositions: Bool) async throws {
        let sink = RecordingSink(storesPositions: storesPositions)
        var suite = SinkConformance(make: { sink }, read: { sink.events })
        try await suite.all()
    }

    @Test func aSinkThatLosesEventsIsFound() async throws {
        let sink = RecordingSink()
        var suite = SinkConformance(make: { sink }, read: { Array(sink.events.dropLast()) })
        await #expect(throws: SinkConformance.Violation.self) { try await suite.all() }
    }
}
