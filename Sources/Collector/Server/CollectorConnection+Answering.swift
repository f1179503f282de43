import CoreIngest
import Logging
import NIOCore
import Synchronization

extension CollectorConnection {
    func handle(
        _ head: RequestHead, _ headBytes: UnsafeRawBufferPointer, _ routed: CollectorLoop.Routed,
        _ body: UnsafeRawBufferPointer
    ) {
        var entry = entry(head, routed)
        switch loop.handle(head, headBytes, routed, body: body, for: self) {
        case .now(let answer): entry.answer = answer
        case .afterBatch(let answer, let number):
            entry.answer = answer
            entry.state = .batch(number)
        case .later: entry.state = .number(lastNumber)
        }
        push(entry)
    }

    func entry(_ head: RequestHead, _ routed: CollectorLoop.Routed) -> PendingAnswer {
        let closes = !head.keepsAlive || loop.shared.isDraining.load(ordering: .relaxed)
        if closes { closesAfterAnswers = true }
        return PendingAnswer(
            answer: .ok, state: .ready, since: Timestamp.now(), isHead: head.method == .head,
            isLatest: loop.parser.isLatest, closes: closes, protocol: routed.protocol)
    }

    /// Refuses a request by its head. One that is there as a whole is passed over, and the connection stays.
    func refuse(
        _ answer: CollectedAnswer, _ head: RequestHead, _ routed: CollectorLoop.Routed, whole: Int, _ headBytes: Int
    ) -> Int {
        var entry = entry(head, routed)
        entry.answer = answer
        if case .length(let length) = head.body, whole - headBytes >= length {
            startRequest()
            push(entry)
            return headBytes + length
        }
        entry.closes = true
        entry.lingers = true
        closesAfterAnswers = true
        discard()
        push(entry)
        return whole
    }

    /// Refuses what is no request. Where the next one begins is not known, so the connection ends.
    func refuse(_ problem: RequestProblem) { refuse(.refusal(problem.status, problem.message)) }

    /// Refuses a request of which not all is read, and ends the connection.
    func refuse(_ answer: CollectedAnswer) {
        discard()
        closesAfterAnswers = true
        push(
            PendingAnswer(
                answer: answer, state: .ready, since: Timestamp.now(), isHead: false, isLatest: true, closes: true,
                lingers: true))
    }

    func push(_ entry: PendingAnswer) { pending.append(entry) }

    /// Whether this connection is not counted among those that wait for a batch yet.
    func joins(_ batch: UInt64) -> Bool {
        defer { lastBatch = batch }
        return lastBatch != batch
    }

    /// A number for an answer of the pool.
    func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// A batch is safe, or cannot be kept.
    func settled(_ batch: UInt64, isSafe: Bool) {
        let count = pending.ready(.batch(batch), answer: isSafe ? nil : Unavailability.disk.answer)
        if !isSafe { for _ in 0..<count { loop.shared.metrics.count(.disk) } }
        flush()
        resume()
    }

    /// The pool has made an answer.
    func complete(_ number: Int, _ answer: CollectedAnswer) {
        _ = pending.ready(.number(number), answer: answer)
        flush()
        resume()
    }

    /// Appends an answer to what goes out.
    private func write(_ entry: PendingAnswer) {
        let now = Timestamp.now()
        loop.answers.write(
            entry.answer, closes: entry.closes, isLatest: entry.isLatest, isHead: entry.isHead,
            now: now / 1_000_000, to: &loop.out)
        loop.shared.metrics.count(entry.protocol, status: entry.answer.status)
        if loop.shared.settings.middleware.logsRequests { log(entry, now) }
    }

    /// Has ``flush()`` called at the end of the event loop's turn, where it would do something.
    func flushSoon() {
        guard !isAnswering, pending.hasReady || closesAfterAnswers && pending.isEmpty else { return }
        isAnswering = true
        loop.scheduleAnswers(of: self)
    }

    /// The turn has ended.
    func answerNow() {
        isAnswering = false
        flush()
        resume()
    }

    /// Sends the answers that are ready, and closes where that is due.
    func flush() {
        var (isLast, lingers) = (false, false)
        while !isLast, let first = pending.popReady() {
            write(first)
            (isLast, lingers) = (first.closes, first.lingers)
        }
        guard let context, !isClosing else {
            loop.out.truncate(to: 0)
            return
        }
        let closes = isLast || closesAfterAnswers && pending.isEmpty
        if loop.out.count > 0 {
            let buffer = loop.takeOut()
            if closes {
                close(context, after: buffer, lingers: lingers)
            } else {
                context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            }
        } else if closes, pending.isEmpty {
            isClosing = true
            context.close(promise: nil)
        }
    }

    func sendContinue() {
        guard let context else { return }
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// Closes when the answer is out. A client that is still sending gets a moment to read it: closing at once would make the
    /// kernel throw the answer away.
    func close(_ context: ChannelHandlerContext, after buffer: ByteBuffer, lingers: Bool) {
        isClosing = true
        discard()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let isHalf = lingers && !isEncrypted && !isInputClosed
        deadline = Timestamp.now() + 2_000_000
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            if isHalf {
                bound.value.close(mode: .output, promise: nil)
            } else {
                bound.value.close(promise: nil)
            }
        }
    }
}
