/// The answers of one connection that are not sent yet, in the order of its requests. Nearly always it is one, which is moved in
/// and out: a copy of an answer costs a count of references for each of its parts.
struct AnswerQueue {
    private(set) var entries: [PendingAnswer] = []
    private var head = 0

    var count: Int { entries.count - head }
    var isEmpty: Bool { head == entries.count }
    /// Whether the first answer may go out.
    var hasReady: Bool { head < entries.count && entries[head].state == .ready }
    /// When the first answer was asked for, where it is not ready.
    var waitsSince: Int64? { head < entries.count && entries[head].state != .ready ? entries[head].since : nil }

    mutating func append(_ entry: consuming PendingAnswer) { entries.append(entry) }

    /// Takes the first answer out, where it is ready.
    mutating func popReady() -> PendingAnswer? {
        guard hasReady else { return nil }
        if head == entries.count - 1 {
            let entry = entries.removeLast()
            entries.removeAll(keepingCapacity: entries.capacity <= 64)
            head = 0
            return entry
        }
        let entry = entries[head]
        // What it refers to goes with it, and not with the last one.
        entries[head].answer = .ok
        head += 1
        // A client that always has one more on its way must not make it grow for ever.
        if head >= 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return entry
    }

    /// Makes those ready that wait for the same, and gives them another answer where there is one. Answers how many.
    mutating func ready(_ state: PendingAnswer.State, answer: CollectedAnswer? = nil) -> Int {
        var count = 0
        for index in head..<entries.count where entries[index].state == state {
            entries[index].state = .ready
            if let answer { entries[index].answer = answer }
            count += 1
        }
        return count
    }

    /// Makes the first one ready, with another answer.
    mutating func readyFirst(_ answer: CollectedAnswer) {
        guard head < entries.count else { return }
        entries[head].state = .ready
        entries[head].answer = answer
    }
}
