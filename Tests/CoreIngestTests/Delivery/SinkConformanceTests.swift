import SinkTesting
import Testing

@Suite struct SinkConformanceTests {
    @Test(arguments: [false, true])
    func aSinkThatKeepsItsContractPasses(storesPositions: Bool) async throws {
        let sink = RecordingSink(storesPositions: storesPositions)
        try await SinkConformance(make: { sink }, read: { sink.events }).all()
    }

    @Test func aSinkThatLosesEventsIsFound() async throws {
        let sink = RecordingSink()
        await #expect(throws: SinkConformance.Violation.self) {
            try await SinkConformance(make: { sink }, read: { Array(sink.events.dropLast()) }).all()
        }
    }
}
