import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Asks a running instance how far it has brought one sink.
struct InstanceProgress {
    let client: OperationsClient
    let input: String
    let sink: String
    /// How long to wait for a position, where the sink came to the last one in time.
    let limit: Duration
    /// How long to wait where it did not: whoever is stuck would be waited for with every part of every table.
    static let limitOfLate = Duration.seconds(1)
    private var isLate = false

    init(client: OperationsClient, input: String, sink: String, limit: Duration) {
        self.client = client
        self.input = input
        self.sink = sink
        self.limit = limit
    }

    /// What `/stats` says of the input and the sink.
    private struct Look {
        var received: LogSequenceNumber
        var lagSeconds: Double
        var parkedBatches: Int
        var delivered: LogSequenceNumber
    }

    /// Blocks until the sink has everything that was committed before `position`. Nil when it has, else why not, in one line.
    mutating func reach(_ position: LogSequenceNumber) -> String? {
        let reason = wait(for: position, atMost: isLate ? min(limit, Self.limitOfLate) : limit)
        isLate = reason != nil
        return reason
    }

    private func wait(for position: LogSequenceNumber, atMost limit: Duration) -> String? {
        let deadline = ContinuousClock.now + limit
        var wasReceived = false
        while true {
            guard let look = look() else {
                return "no instance runs, or its operations server does not answer: the mirror stands where it stopped"
            }
            // A look at the lane counts only when the source had read that far at an earlier one: within one, the lane comes first.
            if look.delivered >= position || wasReceived && look.lagSeconds == 0 && look.parkedBatches == 0 {
                return nil
            }
            wasReceived = look.received >= position
            if ContinuousClock.now >= deadline {
                return
                    "the sink had not caught up within \(Quantity.duration(limit / .seconds(1))): \(look.parkedBatches) batches are parked, "
                    + "and the oldest event waits for \(Quantity.duration(look.lagSeconds)): see 'buz-cdc status'"
            }
            usleep(wasReceived ? 20_000 : 100_000)
        }
    }

    private func look() -> Look? {
        guard let answer = try? client.send("GET", "/stats"), answer.status == 200,
            let text = String(validating: answer.body, as: UTF8.self), let document = try? JSONDocument(text)
        else { return nil }
        // A view only borrows.
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        guard let source = Self.entry(view, "sources", "name", input),
            let lane = Self.entry(view, "lanes", "sink", sink),
            let received = view.member(source, named: "receivedLSN").flatMap({ view.string($0) })
                .flatMap({ LogSequenceNumber(parsing: $0) })
        else { return nil }
        let position = view.member(lane, named: "lastPosition").flatMap { view.string($0) } ?? ""
        return Look(
            received: received,
            lagSeconds: view.member(lane, named: "lagSeconds").flatMap { view.number($0) }
                .flatMap { Double(String(decoding: $0, as: UTF8.self)) } ?? 0,
            parkedBatches: view.member(lane, named: "parkedBatches").flatMap { view.integer($0) } ?? 0,
            // Everything of commits before this one is delivered.
            delivered: LogSequenceNumber(parsing: position.prefix { $0 != "+" }) ?? .none)
    }

    private static func entry(_ view: JSONView, _ list: StaticString, _ member: StaticString, _ name: String) -> Int? {
        guard let list = view.member(0, named: list) else { return nil }
        return view.elements(list).first { element in
            view.member(element, named: member).flatMap { view.string($0) } == name
        }
    }
}
