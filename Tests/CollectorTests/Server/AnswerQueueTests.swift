import Testing

@testable import Collector

@Suite("Answers that wait") struct AnswerQueueTests {
    private func entry(_ number: Int, _ state: PendingAnswer.State) -> PendingAnswer {
        PendingAnswer(
            answer: .text(200, "\(number)"), state: state, since: Int64(number), isHead: false, isLatest: true,
            closes: false)
    }

    @Test("They leave in order, each when it is ready, and a queue that is never empty stays small")
    func order() {
        var queue = AnswerQueue()
        var left: [String] = []
        for number in 0..<10_000 {
            queue.append(entry(number, number % 3 == 0 ? .ready : .batch(UInt64(number))))
            // Always one behind, so that it is never empty.
            if number > 0, (number - 1) % 3 != 0 { #expect(queue.ready(.batch(UInt64(number - 1))) == 1) }
            while queue.count > 1, let answer = queue.popReady() {
                left.append(String(decoding: answer.answer.body, as: UTF8.self))
            }
            #expect(queue.entries.count < 200)
        }
        #expect(left == (0..<9999).map { "\($0)" })
        #expect(queue.count == 1)
    }

    @Test("One that waits holds up those behind it, and gets another answer where it has to")
    func waits() {
        var queue = AnswerQueue()
        #expect(queue.isEmpty && !queue.hasReady && queue.waitsSince == nil)
        for (number, state) in [PendingAnswer.State.batch(1), .ready, .batch(1), .number(1)].enumerated() {
            queue.append(entry(number + 7, state))
        }
        #expect(queue.popReady()?.state == nil)
        #expect(queue.waitsSince == 7)
        #expect(queue.ready(.batch(2)) == 0)
        #expect(queue.ready(.batch(1), answer: Unavailability.disk.answer) == 2)
        #expect((0..<3).map { _ in queue.popReady()?.answer.status } == [503, 200, 503])
        #expect(!queue.hasReady)
        queue.readyFirst(Unavailability.slow.answer)
        #expect(queue.popReady()?.answer.status == 503)
        #expect(queue.isEmpty)
    }
}
