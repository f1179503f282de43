import CoreIngest
import Testing

@testable import Sinks

@Suite struct TakenRecordsTests {
    /// Against a set of numbers; a failure prints what was done.
    @Test func whatIsMissingIsWhatWasNotTaken() throws {
        var random = SystemRandomNumberGenerator()
        let sample = try SampleEvents()
        let batches = [sample.rows(0..<20), sample.rows(0..<20)]
        for _ in 0..<500 {
            var taken = TakenRecords()
            var model: [Set<Int>] = [[], []]
            var history: [String] = []
            for _ in 0..<Int.random(in: 0..<5, using: &random) {
                let which = Int.random(in: 0..<2, using: &random)
                let low = Int.random(in: 0...20, using: &random)
                let range = low..<Int.random(in: low...20, using: &random)
                taken.add(batches[which], range)
                model[which].formUnion(range)
                history.append("\(which): \(range)")
            }
            for which in 0..<2 {
                let low = Int.random(in: 0...20, using: &random)
                let slice = BatchSlice(batches[which], range: low..<Int.random(in: low...20, using: &random))
                let expected = slice.range.filter { !model[which].contains($0) }
                #expect(Array(taken.missing(of: slice).joined()) == expected, "\(history) \(slice.range)")
            }
        }
    }

    @Test func wholeLinesWithinAnyNumberOfBytes() throws {
        let sample = try SampleEvents()
        let batch = sample.batch([
            .init(payload: "{\"id\":1}"), .init(payload: "", operation: .snapshotEnd), .init(payload: "{\"id\":22}"),
            .init(payload: "{}"),
        ])
        let rendered = batch.rendered(as: .row, by: SampleEvents.renderer)
        let run = LineRun(batch: batch, rendered: rendered, range: 0..<4)
        // Lines of 9, 0, 10 and 3 bytes.
        for count in 0...22 {
            let (bytes, next) = run.wholeLines(within: count)
            #expect(bytes == (count < 9 ? 0 : count < 19 ? 9 : count < 22 ? 19 : 22))
            #expect(next == (count < 9 ? 0 : count < 19 ? 2 : count < 22 ? 3 : 4))
        }
    }
}
