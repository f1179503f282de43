import CoreIngest

/// The timelines that a server's log went through, as its history file tells: each recovery that ends in normal operation, of a
/// standby or of a backup, begins a new one.
struct TimelineLineage: Sendable, Equatable {
    struct Ancestor: Sendable, Equatable {
        var timeline: UInt32
        /// Where the next timeline left it.
        var end: LogSequenceNumber
    }

    /// The server's own.
    var timeline: UInt32
    /// Those before it, oldest first.
    var ancestors: [Ancestor] = []

    /// Where the server's own timeline began; 0/0 for the first, or when nothing is known.
    var began: LogSequenceNumber { ancestors.last?.end ?? .none }

    /// How much of a log that was read before is this log too.
    enum Shared: Equatable {
        case all
        case upTo(LogSequenceNumber)
        case nothing
    }

    /// `timeline` and `began`: as ``SourceCheckpoint`` remembers them; `began` 0/0 when it was not noted.
    func shared(with timeline: UInt32, began: LogSequenceNumber) -> Shared {
        if timeline == self.timeline {
            return began == .none || self.began == .none || began == self.began ? .all : .nothing
        }
        guard let index = ancestors.firstIndex(where: { $0.timeline == timeline }) else { return .nothing }
        let ownBegan = index == 0 ? .none : ancestors[index - 1].end
        guard began == .none || ownBegan == .none || began == ownBegan else { return .nothing }
        return .upTo(ancestors[index].end)
    }

    /// The text of a history file: a line for each timeline with its number, the position of the switch and a reason; `#`
    /// begins a comment (PostgreSQL, `timeline.c`).
    init(timeline: UInt32, history: String) {
        self.timeline = timeline
        for line in history.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, let number = UInt32(words[0]), let end = LogSequenceNumber(parsing: words[1]) else {
                continue
            }
            ancestors.append(Ancestor(timeline: number, end: end))
        }
    }

    init(timeline: UInt32, ancestors: [Ancestor] = []) {
        self.timeline = timeline
        self.ancestors = ancestors
    }
}
